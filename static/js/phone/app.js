// The witness's page: one thing a screen, everything kept on the phone first.
//
// Addresses stand behind "#", so that each of them opens without a network.

import { NoSignal, Stopped, readNews } from "./net.js";
import { sending, startSending } from "./schedule.js";
import { announce, get, onChange, persist, works } from "./store.js";
import { addresses, band, button, h, icon, say, told } from "./ui.js";
import { home } from "./home.js";
import { photo } from "./photo_step.js";
import { checkAgain, figures, objection, station } from "./steps.js";
import { invitations } from "./invitations.js";
import { receipt } from "./receipt.js";
import { erase, forgetClosed, settings } from "./settings.js";

const SCREENS = {
  "": home, tps: station, foto: photo, angka: figures, keberatan: objection, periksa: checkAgain,
  kiriman: receipt, c6: invitations, ponsel: settings, hapus: erase,
};
const LIVE = ["", "kiriman"];
const NEWS_SECONDS = 60;

const app = {
  news: null,
  signedOut: false,
  person: () => app.news.person.id,
  places: () => app.news.places,
  /** The place and contest of a station result. */
  find(result) {
    for (const place of app.places()) {
      const contest = place.contests.find((one) => String(one.result) === String(result));
      if (contest) return { place, contest };
    }
    return {};
  },
  go(path) {
    if (location.hash === `#/${path}`) return app.render();
    location.hash = `/${path}`;
    return undefined;
  },
  render,
  refresh,
};

const main = document.getElementById("content");
const route = () => decodeURIComponent(location.hash.replace(/^#\/?/, "")).split("/");

let drawings = 0;
let shownRoute = "";

/** Draw the screen of the address. Only a new address moves focus and scroll. */
async function render() {
  const turn = (drawings += 1);
  const [name, ...parts] = route();
  const screen = SCREENS[name] || home;
  let view;
  try {
    view = await screen(app, ...parts);
  } catch (error) {
    view = failure(error);
  }
  if (turn !== drawings || !view) return;
  const isNew = shownRoute !== location.hash;
  shownRoute = location.hash;
  document.title = [view.title, "Sista"].join(" – ");
  head(view);
  const focused = !isNew && main.contains(document.activeElement) ? document.activeElement.id : "";
  main.replaceChildren(...view.body.flat().filter(Boolean));
  party(view.place);
  if (isNew) {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  } else if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

function head({ back, state, step, place }) {
  const left = back === undefined
    ? h("a.brand", { href: "#/" }, icon("logo"), "Sista")
    : h("a.back", { href: `#/${back}` }, icon("chevron-left"), say("back"));
  document.getElementById("masthead-left").replaceChildren(left);
  const side = document.getElementById("save-state");
  const told = state || signal();
  // Said again only when it changed.
  if (side.textContent !== told.textContent) side.replaceChildren(told);
  const steps = document.getElementById("steps");
  steps.hidden = !step;
  steps.replaceChildren(...[1, 2, 3, 4, 5].map((part) => h(`span.steps__part${part <= step ? ".steps__part--done" : ""}`)));
  for (const [id, second] of [["band", false], ["band-below", true]]) {
    document.getElementById(id).replaceChildren(...(place?.election.practice ? [band(second)] : []));
  }
}

function signal() {
  const here = navigator.onLine && sending.problem !== "no-signal";
  return h("span.save-state.save-state--chip", {}, icon(here ? "signal" : "no-signal", { size: "small" }), say(here ? "has_signal" : "no_signal"));
}

/** The party's colour, set through the object model: the security policy forbids style attributes. */
function party(place) {
  const { colour } = (place || app.places()[0])?.election || {};
  if (!colour) return;
  for (const [name, value] of Object.entries(colour)) document.documentElement.style.setProperty(name, value);
}

function failure(error) {
  console.error(error);
  return told("failed", "storage_failed", { actions: [
    button("try_again", { main: true, press: () => location.reload() }), button("plain_page", { wide: true, to: addresses.plain })] });
}

// News

async function refresh() {
  try {
    const before = app.news && JSON.stringify(app.news);
    const news = await readNews();
    app.news = news.body;
    app.signedOut = false;
    await forgetClosed(app);
    if (JSON.stringify(app.news) !== before) announce();
  } catch (problem) {
    if (problem instanceof Stopped && ["sign-in", "token"].includes(problem.code)) app.signedOut = true;
    else if (problem instanceof Stopped && problem.code === "not-witness") return location.replace("/");
    else if (!(problem instanceof NoSignal) && !(problem instanceof Stopped)) throw problem;
  }
  return undefined;
}

async function first() {
  const kept = await get("keep", "news");
  // The server says in a cookie who signed in last: the news of another person are not theirs.
  const [, who] = /sista-orang=(\d+)/.exec(document.cookie) || [];
  if (kept && (!who || +who === kept.body.person.id)) {
    app.news = kept.body;
    return true;
  }
  await refresh();
  if (app.news) return true;
  if (app.signedOut) location.replace(addresses.sign_in);
  else {
    const again = button("try_again", { main: true, press: () => location.reload() });
    main.replaceChildren(...told("ask", "first_time", { mark: "no-signal", actions: [again] }).body);
  }
  return false;
}

// A newer version

let isOld = false;

async function register() {
  const had = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener("controllerchange", () => { isOld = had; });
  try {
    await navigator.serviceWorker.register(addresses.worker, { scope: addresses.scope, type: "module" });
  } catch {
    location.replace(addresses.plain);
  }
}

/** Leave an old version behind only at home, where nobody is typing. */
function renew() {
  if (isOld && !route()[0]) location.reload();
}

// Begin

/** Everything this page stands on; a private window or an old browser lacks some of it. */
const can = async () => Boolean(navigator.serviceWorker && crypto.subtle && navigator.locks && globalThis.BroadcastChannel) && works();

async function begin() {
  // On the plain page: go on to this one, where the phone can keep things.
  const link = document.querySelector("[data-phone-app]");
  if (link) {
    if (await can()) return location.replace(link.href);
    document.querySelector("[data-phone-cannot]").hidden = false;
    return undefined;
  }
  // It says there why.
  if (!(await can())) return location.replace(addresses.scope);
  if (!(await first())) return undefined;
  register();
  persist();
  addEventListener("hashchange", () => { render(); renew(); });
  // As an address its "#content" would lead home.
  document.querySelector("[href='#content']").onclick = (event) => { event.preventDefault(); main.focus(); };
  let pending;
  onChange(() => {
    // Many small steps of the queue are one picture.
    clearTimeout(pending);
    pending = setTimeout(() => { if (LIVE.includes(route()[0])) render(); }, 120);
  });
  await render();
  let left = 0;
  startSending(() => {
    if (sending.left < left) refresh();
    left = sending.left;
    if (sending.problem === "sign-in") app.signedOut = true;
    announce();
  });
  refresh();
  setInterval(() => { if (!document.hidden && LIVE.includes(route()[0])) refresh(); }, NEWS_SECONDS * 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { refresh(); renew(); } });
  addEventListener("online", refresh);
  return undefined;
}


begin();
