// When to send: at once, and again after a while that doubles, until all is sent.

import { waiting, sendAll } from "./queue.js";

const FIRST = 2_000;
const LONGEST = 5 * 60_000;

let delay = FIRST;
let timer;
let running;
let tell = () => {};

/** The state of sending for the page: {sending, problem, left}. */
export const sending = { busy: false, problem: "", left: 0 };

export function startSending(listener) {
  tell = listener;
  const soon = () => kick();
  addEventListener("online", soon);
  addEventListener("offline", () => { sending.problem = "no-signal"; tell(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) kick(); });
  kick();
}

/** Try now; the wait between tries begins anew. */
export function kick() {
  delay = FIRST;
  return go();
}

async function go() {
  clearTimeout(timer);
  if (running) return running;
  running = attempt();
  try {
    await running;
  } finally {
    running = undefined;
  }
}

async function attempt() {
  const due = await waiting();
  sending.left = due.items.length + due.photos.length;
  if (!sending.left) {
    sending.problem = navigator.onLine ? "" : "no-signal";
    return tell();
  }
  sending.busy = true;
  tell();
  let result;
  try {
    result = await sendAll();
  } catch {
    result = { left: sending.left, problem: "later" };
  }
  Object.assign(sending, { busy: result.problem === "busy", left: result.left });
  if (result.problem !== "busy") sending.problem = result.problem;
  tell();
  // A line that breaks again and again, but gets somewhere each time, is worth trying soon.
  if (result.moved) delay = FIRST;
  // The person has to sign in first: no use in asking again and again.
  if (result.left && result.problem !== "sign-in" && result.problem !== "other-person") again(result.wait);
}

function again(wait = 0) {
  registerSync();
  const pause = Math.max(delay, (wait || 0) * 1000);
  timer = setTimeout(go, pause * (0.75 + Math.random() / 2));
  delay = Math.min(delay * 2, LONGEST);
}

/** Where the browser can, it sends also after the page was closed. */
export async function registerSync() {
  try {
    const registration = await navigator.serviceWorker.ready;
    await registration.sync?.register("send");
  } catch { /* not every browser has it, and some forbid it */ }
}
