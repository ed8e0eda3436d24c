// Before the vote: the invitations (C6, C.Pemberitahuan) received, handed out, not delivered, with a photo.

import { draftKey, enqueueInvitations } from "./forms.js";
import { chooser } from "./photo_step.js";
import { prepare } from "./photos.js";
import { kick } from "./schedule.js";
import { change, get, isoNow, photoKey, put } from "./store.js";
import { notice, button, h, icon, say } from "./ui.js";
import { gone, keep, savedState } from "./steps.js";

const C6_FIELDS = ["received", "handed_out", "not_delivered"];

export async function invitations(app, station) {
  const place = app.places().find((one) => String(one.station) === station);
  if (!place) return gone();
  const person = app.person();
  const key = draftKey(person, "c6", place.station);
  const before = place.invitations;
  const draft = (await get("drafts", key)) || {
    key, person, kind: "c6", place: place.station, uuid: crypto.randomUUID(), supersedes: before?.uuid || null, photos: before?.photos || [],
    figures: Object.fromEntries(C6_FIELDS.map((name) => [name, before?.[name] === null || before?.[name] === undefined ? "" : String(before[name])])),
  };
  await put("drafts", draft);
  const ask = h("div", { hidden: true });
  const numbers = () => C6_FIELDS.map((name) => (/^[0-9]{1,4}$/.test(draft.figures[name]) ? Number(draft.figures[name]) : null));
  const problem = h("p.field__error", { hidden: true, role: "alert" }, icon("failed"), say("digits_only"));

  function look() {
    const [got, given, left] = numbers();
    const differs = got !== null && given !== null && left !== null && given + left !== got;
    ask.hidden = !differs;
    if (differs) ask.replaceChildren(notice("ask", say("c6_differs", { sum: given + left, received: got }), { text: say("question") }));
  }

  const rows = C6_FIELDS.map((name) => {
    const input = h("input.figure__text", {
      id: `c6-${name}`, inputmode: "numeric", pattern: "[0-9]*", maxlength: 4, enterkeyhint: "next", value: draft.figures[name],
      oninput: (event) => {
        draft.figures[name] = event.target.value.trim();
        problem.hidden = C6_FIELDS.every((one) => /^[0-9]*$/.test(draft.figures[one]));
        keep(draft);
      },
      onchange: look,
    });
    return h("div.figure-row", {}, h("label.figure-row__label", { for: `c6-${name}` }, h("span", {}, say(`c6_${name}`))), h("span.figure.figure--4", {}, input));
  });

  async function received(file) {
    let ready;
    try {
      ready = await prepare(file);
    } catch {
      document.querySelector("main > .actions").before(notice("failed", "no_picture"));
      return;
    }
    draft.photos = [{ sha256: ready.sha256, page: 1, subject: "c1" }];
    await change(["photos", "drafts"], (photos, drafts) => {
      photos.put({
        key: photoKey(person, ready.sha256), person, kind: "photo", place: place.station, sha256: ready.sha256, page: 1, subject: "c1",
        blob: ready.blob, offset: 0, state: "waiting", queued: isoNow(),
      });
      drafts.put(draft);
    });
    kick();
    app.render();
  }

  async function send() {
    if (!problem.hidden || numbers().every((one) => one === null)) {
      problem.hidden = false;
      document.getElementById("c6-received").focus();
      return;
    }
    const item = await enqueueInvitations(draft, place);
    kick();
    app.go(`kiriman/${item.uuid}`);
  }

  setTimeout(look);
  return {
    title: say("c6"), back: "", place, state: savedState(),
    body: [
      h("div", {}, h("div.page-head", {}, h("h1", {}, say("c6")), h("span.note", {}, place.title)), h("p.note", {}, say("c6_note"))),
      h("form", { novalidate: true, onsubmit: (event) => event.preventDefault() }, rows, problem), ask,
      draft.photos.length > 0 && notice("done", "c6_photo_there", { mark: "camera" }),
      h("div.actions", {}, button("send", { main: true, mark: "arrow-up", press: send, id: "send" }),
        chooser(say(draft.photos.length ? "photo_again" : "take_photo"), false, received)),
    ],
  };
}
