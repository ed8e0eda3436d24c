// One C1 on the phone: its parts in the order of the paper, what is asked about it, and what is sent.

import { contradictions } from "./checks.js";
import { answer, change, get, isoNow, photoKey, put } from "./store.js";
import { equalities, labels, say } from "./ui.js";

const DIGITS = /^[0-9]{1,4}$/;
const VOTE_ROWS = ["valid_votes", "invalid_votes", "total_votes"];
const LETTERED = { valid_votes: "A", invalid_votes: "B", total_votes: "C" };

export const voteField = (pair) => `votes_${pair.number}`;

/** The screens of step 3: [{title, sections: [{title, fields: [{name, label, pair}]}]}]. */
export function partsOf(place, contest) {
  const rows = place.election.rows;
  const field = (name) => ({ name, label: labelOf(name) });
  const votes = { votes: true, title: "", fields: contest.pairs.map((pair) => ({ name: voteField(pair), pair, label: pair.name })) };
  const rest = { title: "", fields: rows.filter((name) => VOTE_ROWS.includes(name)).map(field) };
  if (rows.length < 10) {
    const before = { title: "", fields: rows.filter((name) => !VOTE_ROWS.includes(name)).map(field) };
    return [{ title: "", sections: [before, votes, rest] }];
  }
  const part = (key, prefix) => ({ title: say(key), sections: [{ title: "", fields: rows.filter((name) => name.startsWith(prefix)).map(field) }] });
  return [
    part("part_registered", "registered_"), part("part_voters", "voters_"), part("part_ballots", "ballots_"),
    part("part_disabled", "disabled_"), { title: say("part_votes"), sections: [votes, rest] },
  ];
}

const labelOf = (name) => (LETTERED[name] ? `${LETTERED[name]}. ${labels[name]}` : labels[name]);

export const fieldsOf = (place, contest) => partsOf(place, contest).flatMap((part) => part.sections.flatMap((one) => one.fields));

/** Boxes that hold something else than a figure. */
export const unreadable = (draft, fields) => fields.filter(({ name }) => {
  const text = (draft.figures[name] || "").trim();
  return text !== "" && !DIGITS.test(text);
});

/** Box name to number; what is blank or unreadable is left out. */
export function numbersOf(draft, fields) {
  const found = {};
  for (const { name } of fields) {
    const text = (draft.figures[name] || "").trim();
    if (DIGITS.test(text)) found[name] = Number(text);
  }
  return found;
}

/** What is asked about the draft: [{key, field, answered, ...contradiction}], each under the last of its boxes. */
export function questionsOf(draft, place, contest) {
  const fields = fieldsOf(place, contest);
  const order = fields.map((field) => field.name);
  const numbers = contest.pairs.map((pair) => pair.number);
  const { registered, election: { limits } } = place;
  return contradictions(numbersOf(draft, fields), numbers, { equalities, registered, limits }).map((found) => {
    const key = `${found.code}.${found.row || ""}.${found.left}.${found.right}`;
    const last = Math.max(-1, ...found.fields.map((name) => order.indexOf(name)));
    return { ...found, key, field: order[last] || null, answered: draft.confirmed.includes(key) };
  });
}

// Drafts

export const draftKey = (person, kind, place) => `${person} ${kind} ${place}`;

/** The draft of a contest, made when there is none: empty, or from what was sent last (`from`). */
export async function openDraft(person, contest, { from = null, blank = false } = {}) {
  const key = draftKey(person, "c1", contest.result);
  const kept = await get("drafts", key);
  if (kept) return kept;
  const draft = {
    key, person, kind: "c1", place: contest.result, uuid: crypto.randomUUID(), at: isoNow(),
    supersedes: from?.uuid || null, before: null, isPlaceRight: Boolean(from) && !blank,
    figures: {}, confirmed: [], objection: "", note: "", photos: [],
  };
  if (from && !blank) {
    for (const [number, votes] of Object.entries(from.votes)) draft.figures[`votes_${number}`] = votes === null ? "" : String(votes);
    for (const [name, value] of Object.entries(from.figures)) draft.figures[name] = String(value);
    draft.before = { ...draft.figures };
    draft.objection = from.objection === true ? "yes" : from.objection === false ? "no" : "";
    draft.note = from.note || "";
    draft.photos = from.photos.filter((photo) => photo.state !== "rusak")
      .map(({ sha256, page, subject = "c1" }) => ({ sha256, page, subject }));
  }
  await put("drafts", draft);
  return draft;
}

// Sending

const confirmedCodes = (questions) => {
  const open = new Set(questions.filter((one) => !one.answered).map((one) => one.code));
  return [...new Set(questions.map((one) => one.code))].filter((code) => !open.has(code)).sort();
};

/** The draft becomes an item of the queue, in one transaction: it is never in both places, or in none. */
export async function enqueue(draft, place, contest) {
  const fields = fieldsOf(place, contest);
  const numbers = numbersOf(draft, fields);
  const votes = Object.fromEntries(contest.pairs.map((pair) => [pair.number, numbers[voteField(pair)] ?? null]));
  const figures = Object.fromEntries(Object.entries(numbers).filter(([name]) => !name.startsWith("votes_")));
  const body = {
    uuid: draft.uuid, contest: contest.contest, station: place.station, votes, figures,
    photos: draft.photos.map(({ sha256, page, subject }) => ({ sha256, page, ...(subject !== "c1" && { subject }) })),
    supersedes: draft.supersedes, confirmed: confirmedCodes(questionsOf(draft, place, contest)),
    objection: { yes: true, no: false }[draft.objection] ?? null, note: draft.note.trim(),
    filled_at: isoNow(),
  };
  return moveToOutbox(draft, place, "/api/v1/forms/", body, { votes, figures, objection: body.objection, note: body.note });
}

/** C6: invitations received, handed out, not delivered. */
export async function enqueueInvitations(draft, place) {
  const number = (name) => (DIGITS.test(draft.figures[name] || "") ? Number(draft.figures[name]) : null);
  const body = {
    uuid: draft.uuid, station: place.station, received: number("received"), handed_out: number("handed_out"),
    not_delivered: number("not_delivered"), photos: draft.photos.map(({ sha256, page }) => ({ sha256, page })),
    supersedes: draft.supersedes, filled_at: isoNow(),
  };
  return moveToOutbox(draft, place, "/api/v1/invitations/", body, { figures: { ...draft.figures } });
}

async function moveToOutbox(draft, place, path, body, shown) {
  const item = {
    uuid: draft.uuid, person: draft.person, kind: draft.kind, place: draft.place, path, body: JSON.stringify(body),
    title: `${place.title}, ${place.village}`, photos: draft.photos, shown, queued: isoNow(), state: "waiting", supersedes: draft.supersedes,
  };
  await change(["outbox", "drafts", "photos"], async (outbox, drafts, photos) => {
    // Not put: what was sent under this key stays as it was sent.
    await answer(outbox.add(item));
    drafts.delete(draft.key);
    for (const { sha256 } of draft.photos) {
      const photo = await answer(photos.get(photoKey(draft.person, sha256)));
      // A photo that is named goes, also a doubtful one.
      if (photo?.state === "doubtful") photos.put({ ...photo, state: "waiting" });
    }
  });
  return item;
}
