// The count room: read a photo by keyboard alone; the next one is exchanged in place.
//
// A page works without this module: each save is then a page of its own. What
// it adds: the next photo without losing the focus, keys, sums and marks while
// typing, the time that is left, a question before empty boxes are saved.

import { attach as attachFigures } from "./figures.js";
import { contradictions } from "./phone/checks.js";
import { attach as attachViewer } from "./viewer.js";

const DIGITS = /^[0-9]{1,4}$/;
const HOLD_EVERY = 60_000;
const LOOK_EVERY = 10_000;
const PAUSE = 400;

const said = document.querySelector("[data-said]");
// The photo that was chosen by hand for a part of the form, kept from form to form.
const chosen = new Map();
let keptView = { state: {}, views: [] };
let shown = null;

const find = (selector) => document.getElementById("work").querySelector(selector);

// What is sent, and what comes back

/** Show one trouble ("connection" or "refused"), or none. */
function trouble(which) {
  for (const alert of document.querySelectorAll("[data-trouble]")) alert.hidden = alert.dataset.trouble !== which;
}

async function send(form, data) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  const focused = document.activeElement;
  // What is typed before the next photo is there must not land in these boxes.
  focused.blur();
  let answer = null;
  try {
    const headers = { "X-Requested-With": "fetch" };
    const response = await fetch(form.action, { method: "POST", body: data, headers, credentials: "same-origin" });
    if (response.status < 500) answer = await response.text();
    trouble(answer === null ? "connection" : null);
  } catch {
    trouble("connection");
  }
  form.ariaBusy = "false";
  if (answer === null || !exchange(answer)) focused.focus();
}

/** Put the work of an answer in place of the one that is shown; false when it holds none: signed out, or refused. */
function exchange(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("work");
  if (!fresh) {
    trouble("refused");
    return false;
  }
  const work = document.getElementById("work");
  const isSameForm = fresh.dataset.form !== undefined && fresh.dataset.form === work.dataset.form;
  if (isSameForm) fresh.querySelector("[data-viewer]").replaceWith(work.querySelector("[data-viewer]"));
  shown?.end(isSameForm);
  work.replaceWith(fresh);
  begin(isSameForm);
  said.textContent = fresh.querySelector("[data-notice]")?.textContent ?? "";
  return true;
}

// One form

class Work {
  constructor(viewer) {
    this.ended = new AbortController();
    this.signal = this.ended.signal;
    this.work = document.getElementById("work");
    this.form = find("form[data-figures]");
    this.figures = [...this.form.querySelectorAll("input[data-figure]")];
    this.last = this.figures[0];
    this.viewer = viewer || attachViewer(find("[data-viewer]"), { kept: keptView, onPage: (page) => this.pageChosen(page) });
    this.facts = JSON.parse(document.getElementById("reading-facts").textContent);
    this.listen();
    // After ours: what we stop, it does not hear.
    attachFigures(this.form);
    this.reports();
    this.clock();
    this.showContradictions();
    this.last.focus();
    this.last.select();
  }

  end(keepsViewer) {
    this.ended.abort();
    clearInterval(this.ticking);
    clearTimeout(this.pause);
    if (!keepsViewer) keptView = this.viewer.detach();
  }

  listen() {
    const { form, signal } = this;
    form.addEventListener("keydown", (event) => this.keyInForm(event), { signal });
    form.addEventListener("focusin", (event) => this.focused(event.target), { signal });
    form.addEventListener("focusout", () => this.showContradictions(), { signal });
    form.addEventListener("input", (event) => this.typed(event.target), { signal });
    form.addEventListener("submit", (event) => this.submitted(event), { signal });
    document.addEventListener("keydown", (event) => this.keyAnywhere(event), { signal });
    for (const what of ["keydown", "pointermove", "wheel", "touchmove"]) {
      document.addEventListener(what, () => this.hold(), { signal, passive: true });
    }
    find("[data-all-blank]").addEventListener("click", () => this.markAllBlank(), { signal });
    find("[data-blank-box]").addEventListener("click", () => { this.markBlank(this.last); this.last.focus(); }, { signal });
  }

  // Keys

  keyInForm(event) {
    const isFigure = this.figures.includes(event.target);
    if (event.key === "Enter" && (event.repeat || this.form.ariaBusy === "true")) {
      // A key that is held down must not run through the boxes of the next form.
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (event.key === "Enter" && event.target.name === "note") {
      event.preventDefault();
      this.saveReport();
    } else if (isFigure && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const act = { x: () => this.markBlank(event.target), "+": () => this.viewer.act("in"), "-": () => this.viewer.act("out") };
      const done = act[event.key.toLowerCase()];
      if (!done) return;
      event.preventDefault();
      done();
    }
  }

  keyAnywhere(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inNote = event.target.name === "note";
    const act = {
      PageUp: () => this.viewer.step(-1),
      PageDown: () => this.viewer.step(1),
      Escape: () => this.closeReport(),
      "?": () => { if (!inNote) this.toggleKeys(); },
    }[event.key];
    const report = this.form.querySelector(`[data-report="${CSS.escape(event.key)}"]`);
    if ((!act && !report) || (inNote && event.key === "?")) return;
    event.preventDefault();
    if (report) this.openReport(report);
    else act();
  }

  toggleKeys() {
    const keys = find("[data-all-keys]");
    keys.open = !keys.open;
    if (keys.open) keys.scrollIntoView({ block: "nearest" });
  }

  // Boxes

  focused(target) {
    if (!this.figures.includes(target)) return;
    this.last = target;
    const part = target.closest("[data-part]").dataset;
    const page = chosen.get(part.part);
    this.viewer.show(page !== undefined && find(`#foto-${page + 1}`) ? page : Number(part.photo) - 1);
  }

  pageChosen(page) {
    chosen.set(this.last.closest("[data-part]").dataset.part, page);
  }

  typed(target) {
    if (!this.figures.includes(target)) return;
    if (target.value) target.placeholder = "";
    find("[data-empty-boxes]").hidden = true;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.showContradictions(), PAUSE);
  }

  /** X: the box is empty on the paper, as the paper says it. */
  markBlank(figure) {
    figure.value = "";
    figure.dispatchEvent(new InputEvent("input", { bubbles: true }));
    figure.placeholder = this.form.dataset.blank;
  }

  markAllBlank() {
    this.unanswered().forEach((figure) => this.markBlank(figure));
    this.form.querySelector(".button--main").focus();
  }

  unanswered() {
    return this.figures.filter((figure) => figure.value.trim() === "" && !figure.placeholder);
  }

  submitted(event) {
    event.preventDefault();
    if (event.submitter?.dataset.report) {
      this.openReport(event.submitter);
      return;
    }
    const wrong = this.figures.find((figure) => figure.value.trim() !== "" && !DIGITS.test(figure.value.trim()));
    const [empty] = this.unanswered();
    find("[data-empty-boxes]").hidden = !empty || Boolean(wrong);
    if (wrong || empty) (wrong || empty).focus();
    else send(this.form, this.data());
  }

  data() {
    const data = new FormData(this.form);
    data.delete("note");
    return data;
  }

  // What does not add up: beside the boxes, and as something that stands like that on the paper

  showContradictions() {
    if (this.form.hasAttribute("data-again")) return;
    const values = Object.fromEntries(this.figures.filter((one) => DIGITS.test(one.value)).map((one) => [one.name, Number(one.value)]));
    const numbers = this.figures.filter((one) => one.name.startsWith("votes_")).map((one) => Number(one.name.slice(6)));
    const { equalities, limits, titles } = this.facts;
    const found = contradictions(values, numbers, { equalities, limits, registered: null }).filter((one) => titles[one.code]);
    const told = JSON.stringify(found);
    if (told === this.told) return;
    this.told = told;
    this.form.querySelectorAll(".reading__mark").forEach((mark) => mark.remove());
    found.forEach((one) => this.mark(one));
    this.askAbout(found);
  }

  mark({ code, fields }) {
    const field = this.figures.filter((one) => fields.includes(one.name)).at(-1);
    const mark = find("template[data-mark]").content.firstElementChild.cloneNode(true);
    mark.querySelector("[data-title]").textContent = this.facts.titles[code];
    field.closest(".figure-row").append(mark);
  }

  askAbout(found) {
    const list = find("[data-confirmations]");
    const before = new Map([...list.querySelectorAll("label")].map((label) => [label.dataset.key, label]));
    const keyOf = (one) => `${one.code}.${one.row ?? ""}.${one.left}.${one.right}`;
    const byCode = new Map(found.map((one) => [one.code, one]));
    const keys = new Set([...byCode.values()].map(keyOf));
    before.forEach((label, key) => { if (!keys.has(key)) label.remove(); });
    for (const [code, one] of byCode) {
      if (before.has(keyOf(one))) continue;
      const label = list.querySelector("template").content.firstElementChild.cloneNode(true);
      label.dataset.key = keyOf(one);
      label.querySelector("input").value = code;
      label.querySelector("[data-title]").textContent = `${this.facts.titles[code]}.`;
      list.append(label);
    }
    list.hidden = byCode.size === 0;
  }

  // What the photo is instead of a C1

  reports() {
    const { signal } = this;
    find("[data-report-confirm]").hidden = true;
    find("[data-report-says]").hidden = false;
    find("[data-report-actions]").hidden = false;
    find("[data-report-save]").addEventListener("click", () => this.saveReport(), { signal });
    find("[data-report-cancel]").addEventListener("click", () => this.closeReport(), { signal });
  }

  openReport(button) {
    this.report = button;
    this.form.querySelectorAll("[data-report]").forEach((one) => one.toggleAttribute("data-chosen", one === button));
    find("[data-report-confirm]").hidden = false;
    find("[data-report-named]").textContent = `${button.querySelector("[data-report-label]").textContent}.`;
    find("[data-report-follows]").textContent = button.dataset.consequence;
    const note = this.form.elements.note;
    note.focus();
    note.scrollIntoView({ block: "nearest" });
  }

  closeReport() {
    if (!this.report) return;
    this.report.removeAttribute("data-chosen");
    this.report = null;
    find("[data-report-confirm]").hidden = true;
    this.last.focus();
  }

  saveReport() {
    if (!this.report) return;
    const data = new FormData(this.form);
    data.set("finding", this.report.value);
    send(this.form, data);
  }

  // The time that is left

  clock() {
    this.ends = Date.now() + Number(this.work.dataset.seconds) * 1000;
    this.held = Date.now();
    find("[data-left]").hidden = false;
    this.ticking = setInterval(() => this.tick(), 1000);
    this.tick();
  }

  tick() {
    const seconds = Math.max(0, Math.round((this.ends - Date.now()) / 1000));
    const mark = document.documentElement.lang.startsWith("en") ? ":" : ".";
    find("[data-left-clock]").textContent = `${Math.floor(seconds / 60)}${mark}${String(seconds % 60).padStart(2, "0")}`;
    find("[data-time-over]").hidden = seconds > 0;
  }

  /** Somebody is here: ask for more time, at most once a minute. */
  async hold() {
    if (Date.now() - this.held < HOLD_EVERY) return;
    this.held = Date.now();
    const data = new FormData();
    for (const name of ["csrfmiddlewaretoken", "form"]) data.set(name, this.form.elements[name].value);
    try {
      const response = await fetch(this.work.dataset.hold, { method: "POST", body: data, credentials: "same-origin" });
      if (this.signal.aborted) return;
      if (response.ok) this.ends = Date.now() + (await response.json()).seconds * 1000;
      else if (response.status === 409) this.ends = Date.now();
      this.tick();
    } catch {
      // No network now; saving will say so.
    }
  }
}

// Nothing waits

function waitForWork() {
  const link = find("[data-open-next]");
  link.focus();
  const ended = new AbortController();
  const looking = setInterval(async () => {
    if (document.hidden) return;
    try {
      const response = await fetch(document.getElementById("work").dataset.queue, { credentials: "same-origin" });
      if (!response.ok || ended.signal.aborted) return;
      const { ready } = await response.json();
      find("[data-waits-none]")?.toggleAttribute("hidden", ready);
      find("[data-waits-some]")?.toggleAttribute("hidden", !ready);
    } catch {
      // The next look may succeed.
    }
  }, LOOK_EVERY);
  return { end() { ended.abort(); clearInterval(looking); } };
}

function begin(keepsViewer = false) {
  shown = find("form[data-figures]") ? new Work(keepsViewer ? shown.viewer : null) : waitForWork();
}

begin();
