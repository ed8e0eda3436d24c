// My TPS: what is safe, what is on its way, what to do next.

import { kick, sending } from "./schedule.js";
import { keptOf } from "./store.js";
import { addresses, notice, button, clock, h, icon, progressBar, say } from "./ui.js";

export const readable = (text) => text || say("no_reason");

/** What the phone knows of one contest: the newest sending, whether it is here or only on the server. */
export function newestOf(contest, outbox) {
  const mine = outbox.filter((item) => item.kind === "c1" && item.place === contest.result)
    .sort((a, b) => (a.queued < b.queued ? 1 : -1));
  const [local] = mine;
  const [server] = contest.sent;
  const known = local && contest.sent.find((form) => form.uuid === local.uuid);
  if (local && !known) return { item: local, form: null, photos: local.photos };
  if (!server) return null;
  return { item: mine.find((item) => item.uuid === server.uuid), form: server, photos: server.photos };
}

/** One photo of a sending, with what is known of it here and on the server. */
export function photoState(photo, kept, place) {
  const local = kept.get(photo.sha256);
  if (photo.state === "rusak") return { mark: "failed", state: "failed", text: say("photo_broken") };
  if (photo.state) return { mark: "tick", text: say("sent"), done: true };
  if (!local) return { mark: "no-signal", text: say("photo_elsewhere") };
  const share = local.blob ? local.offset / local.blob.size : 1;
  if (local.state === "sent") return { mark: "tick", text: say("sent"), when: clock(local.sent, place), done: true };
  if (local.state === "refused") return { mark: "failed", state: "failed", text: say("photo_refused", { reason: readable(local.reason) }) };
  const percent = `${Math.floor(share * 100)}%`;
  if (sending.busy && local.offset > 0) return { mark: "arrow-up", text: say("sending"), when: percent, share };
  if (sending.busy) return { mark: "arrow-up", text: say("its_turn"), when: percent, share };
  return { mark: "no-signal", text: say("waiting_since", { time: clock(local.queued, place) }), when: percent, share };
}

export function photoItems(photos, kept, place) {
  return photos.map((photo) => {
    const told = photoState(photo, kept, place);
    const name = photo.subject === "keberatan" ? say("photo_objection") : say("photo_page", { page: photo.page });
    return h("li", {}, thumb(kept.get(photo.sha256)),
      h("div.items__body", {},
        h("p.items__head", {}, name, told.when && h("span", {}, told.when)),
        h("p.items__state", {}, icon(told.mark, { state: told.state }), told.text),
        told.share !== undefined && progressBar(told.share, name)));
  });
}

function thumb(photo) {
  if (!photo?.blob) return h("span.thumb.thumb--none", {}, icon("document"));
  const address = URL.createObjectURL(photo.blob);
  return h("img.thumb", { src: address, alt: "", width: 36, height: 44, onload: () => URL.revokeObjectURL(address) });
}

/** What became of a sending: {mark, state, text}. */
export function fateOf(newest) {
  const { item, form } = newest;
  if (form) {
    const { fate } = form;
    const text = say(`fate_${fate.code}`);
    return { mark: fate.icon, state: fate.state, text: fate.disputed ? `${text}. ${say("fate_disputed")}` : text, reason: fate.reason };
  }
  if (item.state === "sent") return { mark: "pending", state: "pending", text: say("fate_sent") };
  if (item.state === "refused") return { mark: "failed", state: "failed", text: say("failed"), reason: readable(item.reason) };
  if (sending.busy) return { mark: "arrow-up", text: say("sending") };
  return { mark: "no-signal", text: say("waiting") };
}

export async function home(app) {
  const { outbox, photos, drafts } = await keptOf(app.person());
  const kept = new Map(photos.map((photo) => [photo.sha256, photo]));
  const places = app.places();
  const practiceOnly = places.length > 0 && places.every((place) => place.election.practice);
  const several = places.length > 1 || places.some((place) => place.contests.length > 1);
  const due = [...outbox, ...photos].filter((record) => record.state === "waiting").length;
  const known = new Set(places.flatMap((place) => [`c6 ${place.station}`, ...place.contests.map((contest) => `c1 ${contest.result}`)]));
  const focus = nextOf(places, outbox, drafts, due);
  return {
    title: say("my_station"),
    place: practiceOnly ? places[0] : undefined,
    body: [
      several && h("h1", {}, say("my_stations", { count: places.length })),
      !places.length && nobody(app),
      app.signedOut && notice("ask", "signed_out", { mark: "lock", actions: [button("sign_in", { to: addresses.sign_in })] }),
      sending.problem === "other-person" && notice("ask", "other_person", { mark: "person", actions: [button("sign_in", { to: addresses.sign_in })] }),
      safe(due, outbox, kept),
      outbox.filter((item) => item.state !== "sent" && !known.has(`${item.kind} ${item.place}`)).map((item) => (
        notice(item.state === "refused" ? "failed" : "queue", item.title, { text: item.reason || say("waiting") }))),
      ...places.flatMap((place, index) => section(app, place, { outbox, kept, drafts, several, focus, index, due })),
      h("div.cluster.note", {}, h("a.button.button--plain", { href: "#/ponsel" }, say("this_phone"))),
    ],
  };
}

function nobody(app) {
  return [h("h1", {}, say("my_station")),
    h("div.empty", {}, icon("person", { size: "large" }), h("p.empty__title", {}, say("no_station")), h("p", {}, say("no_station_text"))),
    h("div.actions", {}, calls(app.news.callees, true))].flat();
}

/** The dark box: what is safe on this phone. */
function safe(due, outbox, kept) {
  if (!due) return null;
  const forms = outbox.filter((item) => item.state === "waiting").length;
  const photos = [...kept.values()].filter((photo) => photo.state === "waiting").length;
  const what = [forms && say("count_forms", { count: forms }), photos && say("count_photos", { count: photos })].filter(Boolean).join(say("and"));
  if (sending.busy) return notice("queue", "sending_now", { what, mark: "arrow-up" });
  return notice("queue", "all_safe", { what });
}

/** Which one step of the page has the filled button. */
function nextOf(places, outbox, drafts, due) {
  if (due) return "retry";
  for (const place of places) {
    for (const contest of place.contests) {
      if (needsStep(place, contest, outbox, drafts)) return contest.result;
    }
  }
  return null;
}

function needsStep(place, contest, outbox, drafts) {
  if (!place.election.open) return false;
  const newest = newestOf(contest, outbox);
  if (!newest || place.election.practice || draftOf(drafts, contest)) return true;
  return newest.form?.fate.again || newest.item?.state === "refused" && !newest.form;
}

const draftOf = (drafts, contest) => drafts.find((draft) => draft.kind === "c1" && draft.place === contest.result);

function section(app, place, shown) {
  const id = `tps-${place.station}`;
  const title = shown.several ? h("h2", { id }, h("span.station__number", {}, place.title)) : h("h1", { id }, place.title);
  return [
    shown.index > 0 && h("hr"),
    h("section.stack", { "aria-labelledby": id },
      h("div", {},
        place.election.practice && shown.several && h("p.chip", {}, say("practice")),
        h("div.station", {}, title, h("a.button", { href: `#/tps/${place.contests[0].result}/salah` }, say("wrong_station"))),
        h("p", {}, h("b", {}, place.village), `, ${place.district}`)),
      (place.messages || []).map((message) => notice("inform", say("from_dpc", { time: clock(message.at, place) }), { text: message.text })),
      place.contests.map((contest) => work(app, place, contest, shown))),
  ];
}

function work(app, place, contest, { outbox, kept, drafts, focus, due, several }) {
  const newest = newestOf(contest, outbox);
  const draft = draftOf(drafts, contest);
  const isNext = focus === contest.result;
  return h("div.stack", {},
    h("p.quiet", {}, contest.title),
    advice(place, newest, draft),
    newest && h(several ? "h3" : "h2", {}, say(place.election.practice ? "your_practice" : "your_sendings")),
    h("ul.items", {},
      place.election.practice ? null : invitation(place, outbox, newest),
      newest && sentItem(place, newest), newest && photoItems(newest.photos, kept, place)),
    h("div.actions", {},
      due > 0 && focus === "retry" && contest === app.places()[0].contests[0]
        && button("send_now", { main: true, mark: "arrow-up", id: "send-now", press: () => kick() }),
      place.election.open && formButton(place, contest, newest, draft, isNext, due),
      calls(place.callees.slice(0, 1), isNext)));
}

function formButton(place, contest, newest, draft, isNext, due) {
  const kind = { main: isNext, wide: !isNext && !newest };
  const address = `#/tps/${contest.result}`;
  if (draft) return button("go_on", { ...kind, to: draft.at_screen ? `#/${draft.at_screen}` : address });
  if (place.election.practice) return button(say("practise", { number: contest.count + 1 }), { ...kind, to: `${address}/latihan` });
  if (newest) return button("correct", { ...kind, wide: isNext && !due, to: `${address}/perbaiki` });
  return button("fill_in", { ...kind, to: address });
}

function advice(place, newest, draft) {
  const { phase, open, practice } = place.election;
  if (!open) {
    return phase === "persiapan" ? notice("inform", "not_open", { mark: "lock" })
      : notice("inform", "locked", { mark: "lock" });
  }
  if (draft) return notice("ask", "unfinished", { mark: "document" });
  if (practice) return notice("inform", "practise_freely");
  if (!newest) return notice("inform", "nothing_sent", { mark: "document" });
  const { form, item } = newest;
  if (!form && item.state === "refused") return notice("failed", "failed", { text: readable(item.reason) });
  if (form?.fate.again) return notice(form.fate.code === "needs_fix" ? "ask" : "failed", `came_${form.fate.code}`, { text: form.fate.reason, mark: form.fate.icon });
  if (form?.photos.some((photo) => photo.state === "rusak")) return notice("ask", "photo_broken", { mark: "camera" });
  if (["verified", "corrected"].includes(form?.fate.code)) return notice("done", "all_checked");
  if (phase === "rekap") return notice("inform", "recap", { mark: "lock" });
  return null;
}

function sentItem(place, newest) {
  const { item, form } = newest;
  const fate = fateOf(newest);
  const when = form ? form.received_at : item.receipt?.received_at;
  return h("li", {}, h("span.thumb.thumb--none", {}, icon("document")),
    h("div.items__body", {},
      h("p.items__head", {}, h("a", { href: `#/kiriman/${form ? form.uuid : item.uuid}` }, say("figures_c1")), when && h("span", {}, clock(when, place))),
      h("p.items__state", {}, icon(fate.mark, { state: fate.state }), h("span", {}, fate.text))));
}

function invitation(place, outbox, newest) {
  const mine = outbox.filter((item) => item.kind === "c6" && item.place === place.station).sort((a, b) => (a.queued < b.queued ? 1 : -1))[0];
  const may = ["persiapan", "terbuka"].includes(place.election.phase);
  const known = place.invitations;
  if (!mine && !known && (newest || !may)) return null;
  let state = { mark: "not-in", text: say("c6_empty") };
  if (mine?.state === "refused") state = { mark: "failed", state: "failed", text: readable(mine.reason) };
  else if (mine?.state === "waiting") state = { mark: "no-signal", text: say("waiting") };
  else if (mine || known) state = { mark: "tick", text: say("sent") };
  const when = mine?.receipt?.received_at || known?.received_at;
  return h("li", {}, h("span.thumb.thumb--none", {}, icon("document")),
    h("div.items__body", {},
      h("p.items__head", {}, may ? h("a", { href: `#/c6/${place.station}` }, say("c6")) : say("c6"), when && h("span", {}, clock(when, place))),
      h("p.items__state", {}, icon(state.mark, { state: state.state }), state.text)));
}

export function calls(callees, wide = false) {
  return callees.map((callee) => button(callees.length === 1 && !wide ? say("call_dpc") : say("call", { name: callee.name }),
    { to: callee.address, mark: "telephone", wide }));
}
