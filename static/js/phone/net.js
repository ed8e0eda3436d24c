// One request to the server, and what its answer means to a queue.

import { get, isoNow, put } from "./store.js";

const NEWS = "/api/v1/witness/";
const SECONDS = 60;

/** Nothing came back, or nothing of ours (a hotel's sign-in page): try again later. */
export class NoSignal extends Error {}

/** The server answered, and this cannot go on before `code` is dealt with; `wait` in seconds, where it said. */
export class Stopped extends Error {
  constructor(code, wait = 0) {
    super(code);
    this.code = code;
    this.wait = wait;
  }
}

async function ask(path, { method = "GET", headers = {}, body } = {}) {
  const given = new AbortController();
  const timer = setTimeout(() => given.abort(), SECONDS * 1000);
  try {
    const response = await fetch(path, {
      method, headers, body, credentials: "same-origin", cache: "no-store", redirect: "error", signal: given.signal,
    });
    // Read here: a line that breaks in the middle of the body is the same as none.
    const text = method === "HEAD" ? "" : await response.text();
    return { status: response.status, headers: response.headers, json: parsed(response, text) };
  } catch {
    throw new NoSignal();
  } finally {
    clearTimeout(timer);
  }
}

function parsed(response, text) {
  if (!(response.headers.get("Content-Type") || "").includes("json")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Throw for what is no answer to the request itself: signed out, overloaded, in trouble. */
function raise({ status, headers, json }) {
  const wait = Number(headers.get("Retry-After")) || 0;
  if (status >= 500 || status === 408 || (status === 429 && json?.code !== "too_many")) throw new Stopped("later", wait);
  if (status === 403 && !json) throw new Stopped("token");
  const stops = { not_signed_in: "sign-in", other_person: "other-person", csrf_failed: "token" };
  if (stops[json?.code]) throw new Stopped(stops[json.code]);
}

/** Send something of `person`: the answer, whatever it says about this one thing. */
export async function send(path, { method, person, headers = {}, body }) {
  for (const again of [true, false]) {
    const token = (await get("keep", "token")) || "";
    const ours = { "X-CSRFToken": token, "X-Sista-Person": String(person), ...headers };
    const said = await ask(path, { method, headers: ours, body });
    try {
      raise(said);
      return said;
    } catch (problem) {
      // Signed in anew since the last news: the token is another one.
      if (!(again && problem.code === "token")) throw problem;
      if ((await readNews()).body.person.id !== person) throw new Stopped("other-person");
    }
  }
  throw new Stopped("token");
}

/** Fetch what the server knows; returns {body, etag, at}, the kept one when nothing is new. */
export async function readNews() {
  const known = await get("keep", "news");
  const said = await ask(NEWS, { headers: known ? { "If-None-Match": known.etag } : {} });
  raise(said);
  const token = said.headers.get("X-Sista-Token");
  // A wrong role, or a page that is not ours.
  if (!token) throw said.status === 403 ? new Stopped("not-witness") : new NoSignal();
  await put("keep", token, "token");
  const at = isoNow();
  const news = said.status === 304 ? { ...known, at } : { body: said.json, etag: said.headers.get("ETag"), at };
  await put("keep", news, "news");
  return news;
}
