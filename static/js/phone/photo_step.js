// Step 2: one photo a page; it starts on its way while the figures are typed.

import { kick } from "./schedule.js";
import { answer, change, get, isoNow, photoKey } from "./store.js";
import { notice, button, h, icon, say } from "./ui.js";
import { draftFor, keep, savedState, stepHead } from "./steps.js";
import { prepare } from "./photos.js";
import { sample } from "./sample.js";

const MOST_PAGES = 11;

export async function photo(app, result, which = "") {
  const { place, contest, draft, instead } = await draftFor(app, result);
  if (!draft) return instead;
  const isObjection = which === "keberatan";
  const pages = draft.photos.filter((one) => one.subject === "c1").map((one) => one.page).sort((a, b) => a - b);
  const free = [...Array(MOST_PAGES).keys()].map((at) => at + 1).find((page) => !pages.includes(page)) || MOST_PAGES;
  const page = isObjection ? 1 : Number(which) || (pages.length ? pages[pages.length - 1] : 1);
  const subject = isObjection ? "keberatan" : "c1";
  await keep(draft, which ? `foto/${result}/${which}` : `foto/${result}`);
  const named = draft.photos.find((one) => one.subject === subject && (isObjection || one.page === page));
  const kept = named && await get("photos", photoKey(app.person(), named.sha256));
  const doubtful = kept?.state === "doubtful";
  const forward = isObjection ? `keberatan/${result}` : `angka/${result}/0`;
  const title = isObjection ? say("photo_objection") : say("photo_page", { page });
  const used = async () => {
    await release(kept);
    app.render();
  };
  return {
    title, step: isObjection ? 4 : 2, place, state: savedState(),
    back: isObjection ? forward : `tps/${result}`,
    body: [
      stepHead(title, isObjection ? 4 : 2, place, say("photo_note")),
      !isObjection && strip(result, pages, page, free, draft, doubtful),
      kept?.blob ? picture(kept.blob, title) : named && notice("inform", "photo_there", { mark: "tick" }),
      doubtful && notice("ask", "blurred"),
      kept && !doubtful && notice("done", "photo_clear"),
      h("div.actions", {}, actions()),
    ],
  };

  function actions() {
    const take = (label, main) => chooser(label, main, (file) => received(file));
    const practise = place.election.practice && button("sample_photo", { wide: true, mark: "document", id: "sample", press: async () => received(await sample(contest)) });
    if (doubtful) return [take(say("photo_again"), true), button("use_photo", { wide: true, press: used, id: "use" }), practise];
    if (named) {
      return [
        button(say(isObjection ? "go_on_plain" : "photo_done"), { main: true, to: `#/${forward}`, id: "done" }),
        !isObjection && pages.length < MOST_PAGES && button(say("one_more_page", { page: free }), { to: `#/foto/${result}/${free}` }),
        take(say("photo_again"), false), practise,
      ];
    }
    return [
      take(say("take_photo"), true),
      practise,
      button(say(pages.length || isObjection ? "go_on_plain" : "photo_later"), { wide: true, to: `#/${forward}`, id: "later" }),
    ];
  }

  async function received(file) {
    const working = notice("inform", "photo_working");
    document.querySelector("main > .actions").before(working);
    let ready;
    try {
      ready = await prepare(file);
    } catch {
      working.replaceWith(notice("failed", "no_picture"));
      return;
    }
    const record = {
      key: photoKey(app.person(), ready.sha256), person: app.person(), kind: "photo", place: draft.place, sha256: ready.sha256, page, subject,
      blob: ready.blob, offset: 0, state: ready.blurred ? "doubtful" : "waiting", queued: isoNow(),
    };
    const before = draft.photos;
    const others = before.filter((one) => one !== named && one.sha256 !== ready.sha256);
    draft.photos = [...others, { sha256: ready.sha256, page, subject }].sort((a, b) => a.page - b.page);
    try {
      await store(record, kept);
    } catch (error) {
      working.remove();
      draft.photos = before;
      document.getElementById("content").prepend(notice("failed", "full"));
      return;
    }
    if (!ready.blurred) kick();
    app.render();
  }

  /** The new photo and the draft that names it: both or neither. One that was on its way goes on: an earlier form may name it. */
  function store(record, replaced) {
    return change(["photos", "drafts"], async (photos, drafts) => {
      const known = await answer(photos.get(record.key));
      if (!known || known.state === "refused") photos.put(record);
      if (replaced?.state === "doubtful" && replaced.key !== record.key) photos.delete(replaced.key);
      drafts.put(draft);
    });
  }
}

/** "Use this photo": a doubtful one goes on its way too. */
async function release(kept) {
  await change(["photos"], async (photos) => {
    const record = await answer(photos.get(kept.key));
    if (record?.state === "doubtful") photos.put({ ...record, state: "waiting", queued: isoNow() });
  });
  kick();
}

function strip(result, pages, page, free, draft, doubtful) {
  const shown = [...new Set([...pages, page, free])].sort((a, b) => a - b);
  return h("div.pages", {}, shown.map((one) => {
    const has = pages.includes(one);
    const kind = has ? (one === page && doubtful ? ".is-asked" : ".is-good") : "";
    const mark = has ? (one === page && doubtful ? "disputed" : "tick") : "plus";
    return h(`a${kind}`, { href: `#/foto/${result}/${one}`, "aria-current": one === page && "page" }, icon(mark), say("page_short", { page: one }));
  }));
}

function picture(blob, title) {
  const address = URL.createObjectURL(blob);
  return h("img.shot", { src: address, alt: title, onload: () => URL.revokeObjectURL(address) });
}

/** A button that opens the camera. */
export function chooser(label, main, received) {
  const input = h("input.visually-hidden", {
    type: "file", accept: "image/*", capture: "environment",
    onchange: (event) => { if (event.target.files[0]) received(event.target.files[0]); },
  });
  return h(`label.button.phone-file${main ? ".button--main" : ""}`, {}, input, icon("camera"), h("span", {}, label));
}
