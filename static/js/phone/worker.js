// The service worker: opens the page without a network, and sends when the page is closed.

import { sendAll } from "./queue.js";

/** `shell`: address of the page; `files`: all it needs; `version`: changes when any of them does. */
export function start({ shell, files, version }) {
  const name = `saksi-${version}`;

  self.addEventListener("install", (event) => {
    event.waitUntil((async () => {
      const cache = await caches.open(name);
      // "reload" past the browser's own cache: the shell must be that of this version.
      await cache.add(new Request(shell, { cache: "reload" }));
      await cache.addAll(files);
      await self.skipWaiting();
    })());
  });

  self.addEventListener("activate", (event) => {
    event.waitUntil((async () => {
      const old = (await caches.keys()).filter((key) => key.startsWith("saksi-") && key !== name);
      await Promise.all(old.map((key) => caches.delete(key)));
      await self.clients.claim();
    })());
  });

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    if (request.method !== "GET") return;
    const address = new URL(request.url);
    if (address.origin !== location.origin) return;
    if (request.mode === "navigate") event.respondWith(page(request, address));
    else if (files.includes(address.pathname)) event.respondWith(file(request));
  });

  async function page(request, address) {
    const kept = () => caches.match(shell, { cacheName: name });
    if (address.pathname === shell) return (await kept()) || fetch(request);
    try {
      return await fetch(request);
    } catch (error) {
      // Any other page of the witness, without a network: the phone's own one.
      const instead = await kept();
      if (instead) return instead;
      throw error;
    }
  }

  async function file(request) {
    return (await caches.match(request, { cacheName: name, ignoreVary: true })) || fetch(request);
  }

  self.addEventListener("sync", (event) => {
    if (event.tag !== "send") return;
    event.waitUntil((async () => {
      const { left, problem } = await sendAll();
      // Failing tells the browser to come back; nobody can sign in here.
      if (left && !["sign-in", "other-person", "busy"].includes(problem)) throw new Error(problem);
    })());
  });
}
