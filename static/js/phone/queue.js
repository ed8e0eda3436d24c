// The queue: figures first, photos after them piece by piece, until nothing is left or the line is gone.
//
// The same in the page and in the service worker; a lock lets one of them send.
// Every request may be repeated: the server knows forms by their key and photos
// by their hash, and tells how far a photo has come.

import { all, announce, isoNow, update } from "./store.js";
import { NoSignal, Stopped, send } from "./net.js";

const SMALLEST = 16 * 1024;
const LARGEST = 64 * 1024;
/** A piece may grow after so many quick ones: what a line that breaks loses is one piece. */
const QUICK = 6;
const QUICK_MS = 2000;

let pieceSize = SMALLEST;
let quick = 0;

/** What is still to be sent, oldest first. */
export async function waiting() {
  const [outbox, photos] = await Promise.all([all("outbox"), all("photos")]);
  const due = (record) => record.state === "waiting";
  const byAge = (a, b) => (a.queued < b.queued ? -1 : 1);
  return { items: outbox.filter(due).sort(byAge), photos: photos.filter(due).sort(byAge) };
}

/** Send all that waits. Resolves to {left, problem, wait, moved}: what is left, and the code of what stopped it ("" for nothing). */
export async function sendAll() {
  const work = async (lock) => (lock ? run() : { left: 1, problem: "busy" });
  return navigator.locks.request("sista-send", { ifAvailable: true }, work);
}

async function run() {
  // What the server fails over waits for the next round, and lets the others pass.
  const skipped = new Set();
  let problem = "";
  let wait = 0;
  let moved = false;
  try {
    for (let next = await due(skipped); next; next = await due(skipped)) {
      try {
        await (next.blob ? sendPiece(next) : sendItem(next));
        moved = true;
      } catch (error) {
        // Another person's things wait for their sender, and must not keep anybody's waiting.
        const isTheirs = error.code === "other-person";
        const isOver = error instanceof NoSignal || (error instanceof Stopped && error.code !== "later");
        if (!isTheirs && isOver) throw error;
        skipped.add(isTheirs ? next.person : turn(next));
        if (!isTheirs || !problem) [problem, wait] = [error.code || "later", error.wait];
      }
      announce();
    }
  } catch (error) {
    if (error instanceof NoSignal) problem = "no-signal";
    else if (error instanceof Stopped) [problem, wait] = [error.code, error.wait];
    else throw error;
  }
  announce();
  const rest = await waiting();
  return { left: rest.items.length + rest.photos.length, problem, wait, moved };
}

/** Forms of one place keep their order: a correction must not overtake what it corrects. */
const turn = (record) => (record.blob ? record.key : `${record.kind} ${record.place}`);

/** The next thing to send a request for. */
async function due(skipped) {
  const { items, photos } = await waiting();
  return [...items, ...photos].find((record) => !skipped.has(turn(record)) && !skipped.has(record.person));
}

const refused = (said) => ({ state: "refused", reason: said.json?.detail || "", code: said.json?.code || "" });

async function sendItem(item) {
  const headers = { "Content-Type": "application/json" };
  let { body } = item;
  if (globalThis.CompressionStream) {
    // A full form is 1.3 KB, packed 450 bytes.
    body = await new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
    headers["Content-Encoding"] = "gzip";
  }
  const said = await send(item.path, { method: "POST", person: item.person, headers, body });
  if (said.status === 200 || said.status === 201) {
    // Only the server's own answer about this very form is a receipt.
    if (said.json?.uuid !== item.uuid) throw new NoSignal();
    await update("outbox", item.uuid, () => ({ state: "sent", sent: isoNow(), receipt: said.json }));
  } else {
    // A refusal has a code; anything else comes from somebody in between.
    if (!said.json?.code) throw new NoSignal();
    await update("outbox", item.uuid, () => refused(said));
  }
}

async function sendPiece(photo) {
  const path = `/api/v1/photos/${photo.sha256}/`;
  if (photo.unsure) {
    // The last piece got no answer: it may be here.
    const said = await send(path, { method: "HEAD", person: photo.person });
    await settle(photo, said, said.status === 200);
    if (said.status === 200 || !known(said)) return;
    photo = { ...photo, offset: Number(said.headers.get("Upload-Offset")) };
  }
  const end = Math.min(photo.offset + pieceSize, photo.blob.size);
  const headers = {
    "Content-Type": "application/octet-stream",
    "Upload-Offset": String(photo.offset), "Upload-Length": String(photo.blob.size),
  };
  const began = Date.now();
  let said;
  try {
    const body = await photo.blob.slice(photo.offset, end).arrayBuffer();
    said = await send(path, { method: "PATCH", person: photo.person, headers, body });
  } catch (error) {
    await update("photos", photo.key, () => ({ unsure: true }));
    [pieceSize, quick] = [SMALLEST, 0];
    throw error;
  }
  if (said.status === 204) {
    quick = Date.now() - began < QUICK_MS ? quick + 1 : 0;
    if (quick >= QUICK) pieceSize = Math.min(LARGEST, pieceSize * 2);
  }
  await settle(photo, said, said.json?.sha256 === photo.sha256);
}

const known = (said) => /^[0-9]+$/.test(said.headers.get("Upload-Offset") || "");

/** Write down how far the photo is now. */
async function settle(photo, said, whole) {
  if (whole) {
    await update("photos", photo.key, () => ({ state: "sent", sent: isoNow(), offset: photo.blob.size, unsure: false }));
  } else if (known(said)) {
    await update("photos", photo.key, () => ({ offset: Number(said.headers.get("Upload-Offset")), unsure: false }));
  } else if (said.status === 400 && said.json?.code === "hash_mismatch" && !photo.restarted) {
    await update("photos", photo.key, () => ({ offset: 0, unsure: false, restarted: true }));
  } else if (said.status >= 400 && said.json) {
    await update("photos", photo.key, () => refused(said));
  } else {
    throw new NoSignal();
  }
}
