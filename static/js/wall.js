// The big screen: keeps its numbers fresh, turns pages that are too long, and
// clears itself when its link has ended.
//
// It asks with no cookie and names no referrer. Without an answer the old
// numbers stay, with an alert that says since when. 404 and 410 mean that the
// link is no more, and so does its last second: then nothing of them may stay.

const screen = document.getElementById("screen");
const lost = document.getElementById("wall-lost");
const every = Number(screen.dataset.seconds) * 1000;
const ends = performance.now() + Number(screen.dataset.secondsLeft) * 1000;
/** How long one page of a long list stands. */
const PAGE_STANDS = 12_000;
/** No answer for so long is none. */
const PATIENCE = 8_000;

// What is new

let etag = screen.dataset.etag;
let offset = 0;
let lastGood = Date.now();

const now = () => new Date(Date.now() + offset);

async function ask() {
  const stop = new AbortController();
  const patience = setTimeout(() => stop.abort(), PATIENCE);
  try {
    const answer = await fetch(`${screen.dataset.address}?isi`, {
      cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", redirect: "error",
      headers: { "If-None-Match": etag }, signal: stop.signal,
    });
    if (answer.status === 404 || answer.status === 410) end();
    else await take(answer);
  } catch {
    lose();
  } finally {
    clearTimeout(patience);
  }
}

async function take(answer) {
  const fresh = answer.headers.get("ETag");
  // What has no ETag is not ours: the page of a proxy, or of an error.
  const html = answer.status === 200 && fresh ? await answer.text() : "";
  if (!html && answer.status !== 304) {
    lose();
    return;
  }
  keep(Date.parse(answer.headers.get("Date") || ""));
  if (html && fresh !== etag) show(html, fresh);
}

/** An answer: the time is the server's, a television's clock may be wrong. */
function keep(serverTime) {
  if (!Number.isNaN(serverTime)) offset = serverTime - Date.now();
  lastGood = Date.now();
  tell(false);
  tick();
}

function show(html, fresh) {
  const before = new Map(rows().map((row) => [row.dataset.row, row.textContent]));
  screen.innerHTML = html;
  etag = fresh;
  rows().forEach((row) => {
    if (before.has(row.dataset.row) && before.get(row.dataset.row) !== row.textContent) row.classList.add("is-new");
  });
  tick();
  turn();
}

const rows = () => [...screen.querySelectorAll("[data-row]")];

function lose() {
  if (lost.hidden) lost.querySelector("[data-since]").textContent = clock(new Date(lastGood + offset), true);
  tell(true);
}

/** Show or hide the alert, which takes room from long lists. */
function tell(isLost) {
  if (lost.hidden !== isLost) return;
  lost.hidden = !isLost;
  turn();
}

// The end

let ended = false;

function end() {
  ended = true;
  const words = document.getElementById("wall-ended").content;
  document.title = words.querySelector("h1").textContent;
  document.body.replaceChildren(words.cloneNode(true));
}

async function follow() {
  if (performance.now() >= ends) end();
  else await ask();
  if (!ended) setTimeout(follow, every);
}

// The clock

/** "17.44 WIB", or with a colon in English, in the zone of the place. */
function clock(moment, seconds = false) {
  const parts = { timeZone: screen.dataset.zone, hour: "2-digit", minute: "2-digit" };
  if (seconds) parts.second = "2-digit";
  const text = new Intl.DateTimeFormat("en-GB", parts).format(moment);
  const english = document.documentElement.lang.startsWith("en");
  return `${english ? text : text.replaceAll(":", ".")} ${screen.dataset.zoneName}`;
}

function tick() {
  const shown = screen.querySelector("[data-clock]");
  if (shown) shown.textContent = clock(now());
}

// Long lists

const still = matchMedia(screen.dataset.still);
let page = 0;

/** Show one page of each list that is too long. Whoever wants no motion gets the whole list, to scroll. */
function turn() {
  document.body.classList.toggle("wall--turning", !still.matches);
  screen.querySelectorAll("[data-turn]").forEach((box) => {
    const items = [...box.querySelectorAll("[data-item]")];
    items.forEach((item) => { item.hidden = false; });
    const each = still.matches || items.length < 2 ? items.length : pageLength(box, items);
    const pages = Math.ceil(items.length / each) || 1;
    const shown = page % pages;
    items.forEach((item, index) => { item.hidden = Math.floor(index / each) !== shown; });
    say(box, shown + 1, pages);
  });
}

/** How many items stand in the box at once, on whichever page. */
function pageLength(box, items) {
  if (box.dataset.turn === "each") return 1;
  const boxes = items.map((item) => item.getBoundingClientRect());
  const room = box.getBoundingClientRect().bottom - boxes[0].top + 1;
  if (boxes[boxes.length - 1].bottom - boxes[0].top <= room) return items.length;
  const gap = boxes[1].top - boxes[0].bottom;
  const tallest = Math.max(...boxes.map((one) => one.height));
  return Math.max(1, Math.floor((room + gap) / (tallest + gap)));
}

function say(box, number, pages) {
  const position = box.parentElement.querySelector("[data-position]");
  if (!position) return;
  position.textContent = pages > 1
    ? position.dataset.text.replace("{page}", number).replace("{pages}", pages) : "";
}

addEventListener("resize", turn);
// Measured once more when every style has come.
addEventListener("load", turn);
still.addEventListener("change", turn);
setInterval(() => { if (!ended) tick(); }, 1_000);
setInterval(() => {
  page += 1;
  if (!ended) turn();
}, PAGE_STANDS);
tick();
turn();
setTimeout(follow, every);
