// This phone: what it keeps, removing it, the language, signing out.

import { readNews, send } from "./net.js";
import { change, keptOf } from "./store.js";
import { addresses, notice, button, english, h, say, told } from "./ui.js";

async function keptHere(app) {
  const { outbox, photos, drafts } = await keptOf(app.person());
  const open = [...outbox, ...photos].filter((record) => record.state !== "sent");
  return { outbox, photos, drafts, open };
}

export async function settings(app) {
  const { outbox, photos, drafts, open } = await keptHere(app);
  const post = async (path, data) => {
    await send(path, { method: "POST", person: app.person(), headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(data) }).catch(() => {});
  };
  const language = async () => {
    await post(addresses.language, { language: english ? "id" : "en", next: addresses.plain });
    await readNews(); // without signal it ends here, and all stays as it is
    // The next page comes from the server, in the other language, and brings its worker.
    await (await navigator.serviceWorker.ready).unregister();
    location.reload();
  };
  const leave = async () => {
    await post(addresses.sign_out, {});
    // The answer leads elsewhere; whether it worked is seen by asking.
    const still = await readNews().catch((problem) => problem.code !== "sign-in");
    if (still) {
      document.querySelector("h1").after(notice("failed", "sign_out_later"));
      return;
    }
    if (!open.length && !drafts.length) await forget(app, () => true);
    await change(["keep"], (keep) => { keep.clear(); });
    location.replace(addresses.sign_in);
  };
  return {
    title: say("this_phone"), back: "",
    body: [
      h("h1", {}, say("this_phone")),
      h("p", {}, say("kept_on_phone", { forms: outbox.length, photos: photos.length })),
      open.length > 0 && notice("queue", "not_all_sent", { count: open.length }),
      h("div.actions", {},
        button("remove", { wide: true, to: "#/hapus" }),
        button("language", { wide: true, press: language, lang: english ? "id" : "en", id: "language" }),
        button("plain_page", { wide: true, to: addresses.plain }),
        button("sign_out", { wide: true, press: leave, id: "sign-out" })),
    ],
  };
}

/** Remove what was sent from the phone, on request. What was not sent stays. */
export async function erase(app) {
  const { open } = await keptHere(app);
  const remove = async () => {
    await forget(app, (record) => record.state === "sent");
    app.go("");
  };
  if (open.length) return told("ask", "not_all_sent", { title: "remove", back: "ponsel", text: say("remove_later") });
  const actions = [button("remove_now", { main: true, press: remove, id: "remove" }), button("keep_it", { wide: true, to: "#/ponsel" })];
  return told("ask", "remove_question", { title: "remove", back: "ponsel", actions });
}

/** Delete those of the person's sendings and photos that `which` names. */
async function forget(app, which) {
  const { outbox, photos } = await keptHere(app);
  await change(["outbox", "photos"], (items, pictures) => {
    outbox.filter(which).forEach((item) => items.delete(item.uuid));
    photos.filter(which).forEach((photo) => pictures.delete(photo.key));
  });
}

/** After an election has ended, what was sent for it leaves the phone by itself. */
export async function forgetClosed(app) {
  const ended = app.places().filter((place) => place.election.phase === "selesai");
  const places = new Set(ended.flatMap((place) => [place.station, ...place.contests.map((contest) => contest.result)]));
  if (!places.size) return;
  await forget(app, (record) => record.state === "sent" && places.has(record.place));
}
