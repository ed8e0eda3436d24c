// Step 5: what was sent, or waits; a code to read out once the server has answered.

import { fieldsOf } from "./forms.js";
import { calls, fateOf, photoItems, readable } from "./home.js";
import { kick, sending } from "./schedule.js";
import { all, get, isoNow, photoKey, update } from "./store.js";
import { notice, button, clock, h, icon, say, told } from "./ui.js";
import { ledger } from "./steps.js";

export async function receipt(app, uuid) {
  const item = await get("outbox", uuid);
  const mine = item && item.person === app.person() ? item : null;
  const { place, contest, form } = origin(app, uuid, mine);
  if (!place) return told("ask", "sending_gone", { title: "not_yours" });
  const kept = new Map((await all("photos")).map((photo) => [photo.sha256, photo]));
  const newest = { item: mine, form, photos: form ? form.photos : mine.photos };
  const isSent = Boolean(form) || mine.state === "sent";
  const isRefused = !form && mine.state === "refused";
  const waits = !isSent && !isRefused;
  const code = form?.receipt || mine?.receipt?.receipt;
  const when = form?.received_at || mine?.receipt?.received_at;
  const isC6 = mine?.kind === "c6";
  const shown = form || mine.shown;
  const fate = fateOf(newest);
  return {
    title: say(isSent ? "figures_sent" : isRefused ? "failed" : "kept_here"), place, step: isC6 ? 0 : 5,
    body: [
      isRefused ? refusal(app, mine, place, contest) : h("div.verdict", {},
        icon(isSent ? "verified" : "phone", { size: "hero", state: isSent ? "verified" : "" }),
        h("h1", {}, say(isSent ? "figures_sent" : "kept_here")),
        h("p.quiet", { role: "status" }, isSent ? say("received_at", { time: clock(when, place) }) : say(sending.busy ? "sending_now" : "goes_by_itself"))),
      code && h("div.receipt", {}, h("span.receipt__label", {}, say("receipt_code")), h("span.receipt__code", {}, code),
        h("span.receipt__label", {}, `${place.title}, ${place.village}, ${place.district}`)),
      isC6 ? ledger(["received", "handed_out", "not_delivered"].map((name) => ({ name, label: say(`c6_${name}`) })), (name) => shown.figures[name])
        : ledger(fieldsOf(place, contest).filter(({ name }) => /votes/.test(name)), (name) => (name.startsWith("votes_") ? shown.votes[name.slice(6)] : shown.figures[name])),
      newest.photos.length > 0 && h("section", {}, h("h2", {}, say("photos")), h("ul.items", {}, photoItems(newest.photos, kept, place))),
      isSent && !isC6 && h("section", {}, h("p", {}, h("b", {}, say("dpc_check"))), h("p.items__state", {}, icon(fate.mark, { state: fate.state }), fate.text),
        fate.reason && h("p.quote", {}, fate.reason)),
      h("div.actions", {}, button("done", { main: !isRefused, wide: isRefused, to: "#/", id: "finish" }),
        waits && button("send_now", { wide: true, mark: "arrow-up", press: () => kick(), id: "send-now" }),
        isSent && !isC6 && !place.election.practice && place.election.open && button("correct", { wide: true, to: `#/tps/${contest.result}/perbaiki` })),
    ],
  };
}

function origin(app, uuid, item) {
  for (const place of app.places()) {
    if (item?.kind === "c6" && item.place === place.station) return { place, contest: place.contests[0] };
    for (const contest of place.contests) {
      const form = contest.sent.find((one) => one.uuid === uuid);
      if (form || (item?.kind === "c1" && item.place === contest.result)) return { place, contest, form };
    }
  }
  return {};
}

function refusal(app, item, place, contest) {
  const again = async () => {
    await update("outbox", item.uuid, () => ({ state: "waiting", queued: isoNow() }));
    for (const { sha256 } of item.photos) {
      await update("photos", photoKey(item.person, sha256), ({ state }) => state === "refused" && { state: "waiting" });
    }
    kick();
    app.render();
  };
  return h("div.stack", {}, h("h1", {}, place.title),
    notice("failed", "failed", { text: readable(item.reason), actions: [
      button("try_again", { press: again, id: "again" }),
      item.kind === "c1" && place.election.open && button("correct", { to: `#/tps/${contest.result}/perbaiki` }),
      ...calls(place.callees.slice(0, 1))].filter(Boolean) }));
}
