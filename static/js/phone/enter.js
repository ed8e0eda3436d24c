// On the plain page: go on to the page that works without a network, where this phone can keep things.

import { works } from "./store.js";

const link = document.querySelector("[data-phone-app]");
const can = () => isSecureContext && "serviceWorker" in navigator && Boolean(crypto.subtle) && Boolean(navigator.locks) && "BroadcastChannel" in window;

if (link) {
  if (can() && (await works())) location.replace(link.href);
  else document.querySelector("[data-phone-cannot]").hidden = false;
}
