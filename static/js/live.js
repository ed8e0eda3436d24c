// Live results: keeps #report fresh without moving anything under the reader.
//
// htmx asks every five seconds (hx-trigger on #report). This module sends the
// ETag of what is shown, so that nothing is swapped when nothing is new, and
// after a swap puts back what a reader would miss: the scroll of each table, the
// order of its rows, and what was chosen. When the server cannot be reached the old numbers stay
// and an alert says since when.

const report = document.getElementById("report");

// What is new

const isOurs = (event) => event.detail.elt === report;

/** The time of a response by the server's clock; a phone's clock may be wrong. */
function serverTime(xhr) {
  const date = new Date((xhr && xhr.getResponseHeader("Date")) || "");
  return Number.isNaN(date.getTime()) ? new Date() : date;
}

let lastGood = new Date();

document.body.addEventListener("htmx:configRequest", (event) => {
  if (isOurs(event)) event.detail.headers["If-None-Match"] = report.dataset.etag;
});

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (isOurs(event) && document.hidden) event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) report.dispatchEvent(new CustomEvent("refresh"));
});

document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target !== report) return;
  const xhr = event.detail.xhr;
  const etag = xhr.getResponseHeader("ETag");
  // A sign-in page that a redirect led to has no ETag: it must not replace the numbers.
  event.detail.shouldSwap = xhr.status === 200 && Boolean(etag) && etag !== report.dataset.etag;
  if (event.detail.shouldSwap) {
    report.dataset.etag = etag;
    remember();
  }
});

document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target === report) restore();
});

// Rows and scrolling

const nothing = () => ({ focus: "", top: 0, scroll: new Map(), rows: new Map(), chosen: [] });
let shown = nothing();

const rowsOf = (section) => [...section.querySelectorAll("tr[data-row]")];

/** Keep where the reader is, what is chosen, the scroll of every scroller, and the order and text of every row. */
function remember() {
  const focused = report.contains(document.activeElement) ? document.activeElement.id : "";
  shown = { ...nothing(), focus: focused, top: window.scrollY };
  shown.chosen = [...report.querySelectorAll("input[type=radio]:checked")].map((radio) => radio.id);
  report.querySelectorAll(".table-scroll[id], .tiles-scroll[id]").forEach((scroller) => {
    shown.scroll.set(scroller.id, [scroller.scrollLeft, scroller.scrollTop]);
  });
  report.querySelectorAll(".table-scroll[id]").forEach((scroller) => {
    shown.rows.set(scroller.id, new Map(rowsOf(scroller).map((row) => [row.dataset.row, row.textContent])));
  });
}

function restore() {
  report.querySelectorAll(".table-scroll[id]").forEach((scroller) => {
    const before = shown.rows.get(scroller.id);
    if (!before) return;
    const fresh = rowsOf(scroller);
    fresh.forEach((row) => {
      if (before.get(row.dataset.row) !== row.textContent) row.classList.add("is-new");
    });
    keepOrder(scroller, fresh, [...before.keys()]);
  });
  shown.chosen.forEach((id) => {
    const radio = document.getElementById(id);
    if (radio) radio.checked = true;
  });
  shown.scroll.forEach(([left, top], id) => document.getElementById(id)?.scrollTo(left, top));
  // A row that was moved has lost the focus again.
  if (shown.focus) document.getElementById(shown.focus)?.focus({ preventScroll: true });
  // The swap puts the new report before the old one: a browser that holds on to a row has scrolled away with it.
  window.scrollTo({ top: shown.top, behavior: "instant" });
}

/** Put rows where they stood; offer the new order with a button when it is another one. */
function keepOrder(scroller, fresh, before) {
  const place = new Map(before.map((key, index) => [key, index]));
  const placed = [...fresh].sort(
    (a, b) => (place.get(a.dataset.row) ?? before.length) - (place.get(b.dataset.row) ?? before.length),
  );
  if (placed.every((row, index) => row === fresh[index])) return;
  const body = fresh[0].parentElement;
  body.append(...placed);
  const button = scroller.closest("[data-rows]")?.querySelector("[data-reorder]");
  if (!button) return;
  tellNew(button, fresh.filter((row) => !place.has(row.dataset.row)).length);
  button.hidden = false;
  button.addEventListener("click", () => {
    body.append(...fresh);
    button.hidden = true;
    scroller.focus({ preventScroll: true });
  });
}

/** Say on the button how many rows are new, where it has words for that. */
function tellNew(button, count) {
  const words = button.querySelector("[data-reorder-new]");
  if (!words || !count) return;
  words.querySelector("[data-reorder-count]").textContent = String(count);
  words.hidden = false;
  button.querySelector("[data-reorder-moved]").hidden = true;
}

// The connection

const state = document.getElementById("live-state");
const lost = document.getElementById("live-lost");
const refused = document.getElementById("live-refused");

/** "17.44.10 WIB", or with colons in English, in the zone of the place. */
function clock(moment) {
  const english = document.documentElement.lang.startsWith("en");
  const text = new Intl.DateTimeFormat("en-GB", {
    timeZone: report.dataset.zone, hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).format(moment);
  return `${english ? text : text.replaceAll(":", ".")} ${report.dataset.zoneName}`;
}

/** problem: null, "lost" (no answer, or a failing server) or "refused" (signed out, or the right withdrawn). */
function show(problem) {
  if (problem === "lost" && lost.hidden) lost.querySelector("[data-since]").textContent = clock(lastGood);
  lost.hidden = problem !== "lost";
  refused.hidden = problem !== "refused";
  state.hidden = false;
  state.classList.toggle("live--lost", Boolean(problem));
  state.querySelector("[data-live=on]").hidden = Boolean(problem);
  state.querySelector("[data-live=lost]").hidden = !problem;
}

document.body.addEventListener("htmx:sendError", (event) => isOurs(event) && show("lost"));
document.body.addEventListener("htmx:timeout", (event) => isOurs(event) && show("lost"));

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!isOurs(event)) return;
  const xhr = event.detail.xhr;
  const current = xhr.status === 304 || (xhr.status === 200 && xhr.getResponseHeader("ETag"));
  if (current) {
    lastGood = serverTime(xhr);
    show(null);
  } else if (xhr.status >= 500) {
    show("lost");
  } else if (xhr.status > 0) {
    show("refused");
  }
});

if (report) show(null);
