// What does not add up, in words: the sentences of tallies/wording.py, which the page brings along.

import { english, grouped, rows, sentences } from "./ui.js";

const fill = (sentence, values) => sentence.replace(/%\((\w+)\)s/g, (_, name) => values[name]).replaceAll("%%", "%");

function pairName(name, pairs) {
  const number = Number(name.slice("votes_".length));
  if (number === 0) return sentences.empty_box;
  const pair = pairs.find((one) => one.number === number);
  return fill(sentences.pair, { number, name: pair.name });
}

function columnNote(row) {
  const part = /_(male|female)$/.exec(row || "");
  return part ? ` (${rows[part[0]]})` : "";
}

function share(count, total) {
  // Half a hundredth goes up, as on the server.
  const percent = (Math.floor((count * 20_000 + total) / (2 * total)) / 100).toFixed(2);
  return `${english ? percent : percent.replace(".", ",")}%`;
}

/** One contradiction as a sentence. */
export function describe(found, pairs) {
  if (found.code === "C1-W05") {
    if (found.left) return fill(sentences["C1-W05 all"], { votes: grouped(found.left), pair: pairName(found.fields[0], pairs) });
    return fill(sentences["C1-W05 none"], { pairs: found.fields.map((name) => pairName(name, pairs)).join(", ") });
  }
  let key = found.code;
  if (key === "C1-E09" && found.fields.includes("votes_0")) key = "C1-E09 kosong";
  if (key === "C1-E10" && found.row === "registered_dpt") key = "C1-E10 registered";
  return fill(sentences[key], {
    row: rows[found.row] || "", column: columnNote(found.row),
    left: grouped(found.left), right: grouped(found.right), gap: grouped(Math.abs(found.left - found.right)),
    share: found.right ? share(found.left, found.right) : "",
  });
}
