// The guided steps of one C1: my TPS, (photo,) figures, objection, check again, send.

import { enqueue, fieldsOf, openDraft, partsOf, questionsOf, unreadable } from "./forms.js";
import { calls, newestOf } from "./home.js";
import { kick } from "./schedule.js";
import { all, get, isFull, update } from "./store.js";
import { addresses, notice, button, grouped, h, icon, say, square, told } from "./ui.js";
import { describe } from "./wording.js";

export const savedState = () => h("span.save-state", {}, icon("phone", { size: "small" }), say("saved"));

export const stepHead = (title, step, place, note) => h("div", {},
  h("div.page-head", {}, h("h1", {}, title), h("span.note", {}, say("step", { step, station: place.title }))),
  note && h("p.note", {}, note));

export const gone = () => told("ask", "not_yours");

/** The draft of a contest, with its place, or the page to show instead. */
export async function draftFor(app, result) {
  const { place, contest } = app.find(result);
  if (!contest) return { instead: gone() };
  if (!place.election.open) return { instead: closed(place) };
  const draft = await get("drafts", `${app.person()} c1 ${contest.result}`);
  if (!draft) {
    app.go(`tps/${result}`);
    return { instead: null };
  }
  return { place, contest, draft };
}

function closed(place) {
  const key = place.election.phase === "persiapan" ? "not_open" : "locked";
  return told("inform", key, { title: place.title, place, mark: "lock" });
}

/** Keep the draft, and where the person is. A phone that is full is told at once. */
export async function keep(draft, screen) {
  if (screen) draft.at_screen = screen;
  try {
    // Changed, not put: a draft that was sent in another tab does not come back.
    await update("drafts", draft.key, () => draft);
    return true;
  } catch (error) {
    document.getElementById("storage-problem")?.remove();
    const told = isFull(error) ? notice("failed", "full", { actions: [button("plain_page", { to: addresses.plain })] })
      : notice("failed", "storage_failed", { actions: [button("plain_page", { to: addresses.plain })] });
    told.id = "storage-problem";
    document.getElementById("content").prepend(told);
    return false;
  }
}

// 1. My TPS

export async function station(app, result, why = "") {
  const { place, contest } = app.find(result);
  if (!contest) return gone();
  if (why === "salah") return wrongStation(place);
  if (!place.election.open) return closed(place);
  const outbox = (await all("outbox")).filter((item) => item.person === app.person());
  const newest = newestOf(contest, outbox);
  // What was sent from here and is not yet in the news is what a correction begins with.
  const from = newest && (newest.form || formOf(newest.item));
  const yes = async () => {
    const draft = await openDraft(app.person(), contest, { from, blank: place.election.practice });
    if (await keep(draft, `foto/${contest.result}`)) app.go(why === "perbaiki" ? `angka/${contest.result}/0` : `foto/${contest.result}`);
  };
  return {
    title: place.title, back: "", place, step: 1,
    body: [
      stepHead(say("right_station"), 1, place),
      h("p.station__number.phone-number", {}, place.title),
      h("p", {}, h("b", {}, place.village), h("br"), place.district, h("br"), h("span.quiet", {}, contest.title)),
      why === "perbaiki" && newest && notice("inform", "corrects", { text: say(`correction_${newest.form ? contest.correction : "replaces"}`), mark: "document" }),
      notice("ask", "look_at_form"),
      h("div.actions", {}, button("yes_this_station", { main: true, press: yes, id: "yes" }),
        button("wrong_station", { wide: true, to: `#/tps/${contest.result}/salah` })),
    ],
  };
}

function formOf(item) {
  return { uuid: item.uuid, votes: item.shown.votes, figures: item.shown.figures, objection: item.shown.objection, note: item.shown.note, photos: item.photos };
}

function wrongStation(place) {
  const actions = [calls(place.callees, true), button("station_is_right", { wide: true, to: "#/" })];
  return told("ask", "wrong", { title: "wrong_station", place, actions });
}

// 3. Figures

export async function figures(app, result, part = "0") {
  const { place, contest, draft, instead } = await draftFor(app, result);
  if (!draft) return instead;
  const parts = partsOf(place, contest);
  const at = Math.min(Number(part) || 0, parts.length - 1);
  await keep(draft, `angka/${result}/${at}`);
  const shown = parts[at];
  const form = h("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); next(); } });
  const next = () => {
    const bad = unreadable(draft, shown.sections.flatMap((one) => one.fields))[0];
    if (bad) return document.getElementById(`f-${bad.name}`).focus();
    return app.go(at + 1 < parts.length ? `angka/${result}/${at + 1}` : `keberatan/${result}`);
  };
  const asked = new Map();
  const ask = () => showQuestions(draft, place, contest, asked);
  for (const section of shown.sections) {
    form.append(...section.fields.flatMap((field) => figureRow(field, draft, asked, { ask, changed: () => sums(form, draft, contest) })));
    if (section.votes) form.append(sumRow(contest));
  }
  form.append(h("div.actions", {}, h("button.button.button--main", {}, say(at + 1 < parts.length ? "next" : "go_check"))));
  setTimeout(() => { sums(form, draft, contest); ask(); });
  return {
    title: say("figures"), step: 3, place, state: savedState(),
    back: at ? `angka/${result}/${at - 1}` : `foto/${result}`,
    body: [stepHead(shown.title || say("figures"), 3, place, say("copy_exactly")), form],
  };
}

function figureRow(field, draft, asked, { ask, changed }) {
  const id = `f-${field.name}`;
  const hint = h("p.field__error.figure-row__below", { id: `${id}-hint`, hidden: true }, icon("failed"), say("digits_only"));
  const value = draft.figures[field.name] || "";
  const input = h("input.figure__text", {
    id, inputmode: "numeric", pattern: "[0-9]*", maxlength: 4, enterkeyhint: "next",
    "aria-describedby": `${id}-hint`, value,
  });
  const box = h(`span.figure${value.length > 3 ? ".figure--4" : ""}`, {}, input);
  input.addEventListener("input", () => {
    draft.figures[field.name] = input.value.trim();
    hint.hidden = /^[0-9]*$/.test(input.value.trim());
    input.toggleAttribute("aria-invalid", !hint.hidden);
    box.classList.toggle("figure--4", input.value.length > 3);
    changed();
    keep(draft);
  });
  // Not at once: a question that appears while the finger is down moves the button from under it.
  input.addEventListener("change", () => setTimeout(ask, 300));
  input.addEventListener("keydown", (event) => enterGoesOn(event, input));
  const label = field.pair ? [square(field.pair, "medium"), h("span", {}, field.label)] : [h("span", {}, field.label)];
  const row = h("div.figure-row", {}, h("label.figure-row__label", { for: id }, label), box, hint);
  asked.set(field.name, { row, box, input, below: h("div", { hidden: true }) });
  return [row, asked.get(field.name).below];
}

function enterGoesOn(event, input) {
  if (event.key !== "Enter" || event.isComposing) return;
  const boxes = [...input.form.querySelectorAll("input.figure__text")];
  const following = boxes[boxes.indexOf(input) + 1];
  if (!following) return;
  event.preventDefault();
  following.focus();
  following.select();
}

function sumRow(contest) {
  const key = contest.pairs.some((pair) => pair.number === 0) ? "sum_with_box" : contest.pairs.length === 2 ? "sum_both" : "sum_all";
  return h("div.figure-row.figure-row--sum", {},
    h("span.figure-row__label", {}, h("span", {}, say(key), h("small", {}, say("by_itself")))),
    h("span.figure.figure--computed", {}, h("output.figure__text", { id: "pair-sum", "aria-label": say(key) })));
}

function sums(form, draft, contest) {
  const output = form.querySelector("#pair-sum");
  if (!output) return;
  const filled = contest.pairs.map((pair) => draft.figures[`votes_${pair.number}`] || "").filter(Boolean);
  const text = !filled.length ? "" : filled.every((one) => /^[0-9]+$/.test(one)) ? String(filled.reduce((sum, one) => sum + Number(one), 0)) : "–";
  if (output.textContent !== text) output.textContent = text;
  output.parentElement.classList.toggle("figure--4", text.length > 3);
}

/** Put each question under its box; what is asked already stays as it is, so that focus and speech are not disturbed. */
function showQuestions(draft, place, contest, asked) {
  const questions = questionsOf(draft, place, contest);
  for (const [name, { row, box, input, below }] of asked) {
    const mine = questions.filter((one) => one.field === name);
    const keys = mine.map((one) => one.key).join("|");
    row.classList.toggle("figure-row--asked", mine.length > 0);
    box.classList.toggle("figure--asked", mine.length > 0);
    if (below.dataset.keys === keys) continue;
    below.dataset.keys = keys;
    below.hidden = !mine.length;
    below.replaceChildren(...mine.map((one) => questionBox(one, draft, contest, () => input.focus())));
    input.setAttribute("aria-describedby", [`f-${name}-hint`, ...mine.map((one) => idOf(one))].join(" "));
  }
}

const idOf = (question) => `q-${question.key.replace(/[^A-Za-z0-9]+/g, "-")}`;

function questionBox(question, draft, contest, edit) {
  const yes = h("input", {
    type: "checkbox", checked: question.answered, "aria-describedby": idOf(question),
    onchange: (event) => {
      draft.confirmed = draft.confirmed.filter((key) => key !== question.key);
      if (event.target.checked) draft.confirmed.push(question.key);
      keep(draft);
    },
  });
  return notice("ask", describe(question, contest.pairs), {
    text: say("question"),
    id: idOf(question),
    actions: [button("change_figure", { press: edit }), h("label.button", {}, yes, say("written_so"))],
  });
}

// 4. Objection, check again

export async function objection(app, result) {
  const { place, contest, draft, instead } = await draftFor(app, result);
  if (!draft) return instead;
  await keep(draft, `keberatan/${result}`);
  const more = h("div.stack", { hidden: draft.objection !== "yes" });
  const option = (value, key) => h("span", {},
    h("input", { type: "radio", name: "objection", id: `objection-${value}`, value, checked: draft.objection === value,
      onchange: () => { draft.objection = value; more.hidden = value !== "yes"; keep(draft); } }),
    h("label", { for: `objection-${value}` }, say(key)));
  const note = h("textarea.input", { id: "note", rows: 3, maxlength: 500, oninput: (event) => { draft.note = event.target.value; keep(draft); } });
  note.value = draft.note;
  more.append(h("div.field", {}, h("label", { for: "note" }, say("note"), " ", h("span.field__optional", {}, say("optional"))), note),
    button(say(draft.photos.some((one) => one.subject === "keberatan") ? "objection_photo_again" : "objection_photo"),
      { wide: true, mark: "camera", to: `#/foto/${result}/keberatan` }));
  const parts = partsOf(place, contest);
  return {
    title: say("objection"), step: 4, place, state: savedState(), back: `angka/${result}/${parts.length - 1}`,
    body: [
      stepHead(say("objection"), 4, place),
      h("fieldset.segmented", {}, h("legend", {}, say("objection_question")),
        h("span.segmented__row", {}, option("yes", "there_is"), option("no", "there_is_none"))),
      more,
      h("div.actions", {}, button("go_check", { main: true, to: `#/periksa/${result}` })),
    ],
  };
}

export async function checkAgain(app, result) {
  const { place, contest, draft, instead } = await draftFor(app, result);
  if (!draft) return instead;
  await keep(draft, `periksa/${result}`);
  const parts = partsOf(place, contest);
  const fields = fieldsOf(place, contest);
  const partOf = (name) => parts.findIndex((part) => part.sections.some((one) => one.fields.some((field) => field.name === name)));
  const edit = (name) => app.go(`angka/${result}/${Math.max(0, partOf(name))}`);
  const bad = unreadable(draft, fields);
  const questions = bad.length ? [] : questionsOf(draft, place, contest);
  const empty = fields.every((field) => !draft.figures[field.name]);
  const send = async (event) => {
    event.currentTarget.disabled = true;
    try {
      const item = await enqueue(draft, place, contest);
      kick();
      app.go(`kiriman/${item.uuid}`);
    } catch (error) {
      event.target.disabled = false;
      await keep(draft);
      throw error;
    }
  };
  const canSend = !bad.length && !empty;
  return {
    title: say("check_again"), step: 4, place, state: savedState(), back: `keberatan/${result}`,
    body: [
      stepHead(say("check_again"), 4, place, `${place.village}, ${place.district}`),
      empty && notice("failed", "all_blank", { actions: [button("change_figure", { to: `#/angka/${result}/0` })] }),
      bad.length > 0 && notice("failed", say("unreadable", { count: bad.length }), { text: bad.map((one) => one.label).join(", "),
        actions: [button("change_figure", { press: () => edit(bad[0].name) })] }),
      canSend && !questions.length && notice("done", "all_match"),
      questions.length > 0 && h("div.stack", {}, h("h2", {}, say("not_matching", { count: questions.length })),
        questions.map((one) => questionBox(one, draft, contest, () => edit(one.field)))),
      !draft.photos.length && notice("ask", "no_photo", { mark: "camera", actions: [button("take_photo", { to: `#/foto/${result}` })] }),
      draft.before && changes(draft, fields),
      ledger(fields, (name) => draft.figures[name]),
      h("p", {}, say("photos_taken", { count: draft.photos.length }), " ", h("a", { href: `#/foto/${result}` }, say("see_photos"))),
      h("div.actions", {}, button("send", { main: true, mark: "arrow-up", press: send, id: "send", disabled: !canSend }),
        button("change_figure", { wide: true, to: `#/angka/${result}/0` })),
    ],
  };
}

/** What a correction changes, old beside new. */
function changes(draft, fields) {
  const changed = fields.filter(({ name }) => (draft.before[name] || "") !== (draft.figures[name] || ""));
  const written = (text) => text || say("blank");
  if (!changed.length) return notice("inform", "nothing_changed", { mark: "document" });
  return h("section", {}, h("h2", {}, say("what_changes")), h("ul.items", {}, changed.map(({ name, label }) => h("li", {},
    h("div.items__body", {}, h("p.items__head", {}, label), h("p.items__state", {}, written(draft.before[name]), icon("arrow-right"), h("b", {}, written(draft.figures[name]))))))));
}

/** The figures once more, as a table. `read(name)`: text, number, or nothing for a blank box. */
export function ledger(fields, read) {
  const shown = (value) => (value === undefined || value === null || value === "" ? say("blank") : /^[0-9]+$/.test(value) ? grouped(Number(value)) : String(value));
  return h("table.ledger", {}, h("caption.visually-hidden", {}, say("figures")),
    h("tbody", {}, fields.map(({ name, label, pair }) => h("tr", {}, h("td", {}, pair && square(pair)), h("th", { scope: "row" }, label), h("td", {}, shown(read(name)))))));
}
