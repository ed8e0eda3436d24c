// What does not add up on a form: the same arithmetic as tallies/checks.py, for a phone without a network.
//
// A test holds the two against each other on real returns. Names, order and
// the rule "one cause, one question" are explained there.

const PARTS = ["_male", "_female", ""];
const CAST = ["valid_votes", "invalid_votes"];
const REGISTERED = ["registered_dpt", "registered_dpph", "registered_dptb"];
const MAX_FIGURE = 9999;

const sum = (values) => values.reduce((total, value) => total + value, 0);

const boxes = (equality) => [...equality.parts, equality.total];

/** A decimal fraction given as text, as a whole number of ten-thousandths. */
const tenThousandths = (text) => {
  const [whole, fraction = ""] = text.split(".");
  return Number(whole) * 10_000 + Number(fraction.padEnd(4, "0").slice(0, 4));
};

const reserve = (registered, rate) => Math.ceil((registered * tenThousandths(rate)) / 10_000);

class Figures {
  /** `values`: box name to number; a blank box is missing or null. `pairs`: the boxes of the pairs by number. */
  constructor(values, pairs) {
    this.values = values;
    this.pairs = pairs;
  }

  get(name) {
    return this.values[name] ?? null;
  }

  known(names) {
    const found = names.map((name) => this.get(name));
    return found.includes(null) ? null : found;
  }

  with(name, value) {
    return new Figures({ ...this.values, [name]: value }, this.pairs);
  }

  get pairSum() {
    const found = this.known(this.pairs);
    return found && found.length ? sum(found) : null;
  }
}

const gapOf = (equality, figures) => {
  const known = figures.known(boxes(equality));
  return known && sum(known.slice(0, -1)) - known[known.length - 1];
};

const contradiction = (equality, figures) => {
  const known = figures.known(boxes(equality));
  const [left, right] = [sum(known.slice(0, -1)), known[known.length - 1]];
  return { code: equality.code, fields: boxes(equality), left, right, row: equality.row ?? null };
};

/**
 * Ask what does not agree: [{code, fields, left, right, row}], sorted by code.
 * `equalities`: [{code, total, parts, row}] but for that of the pairs, sorted by code; `registered`: DPT of the master data or null.
 */
export function contradictions(values, pairNumbers, { equalities: fixed, registered, limits }) {
  const pairs = [...pairNumbers].sort((a, b) => a - b).map((number) => `votes_${number}`);
  const figures = new Figures(values, pairs);
  const ofPairs = pairs.length ? [{ code: "C1-E09", total: "valid_votes", parts: pairs }] : [];
  const equalities = [...fixed.slice(0, -1), ...ofPairs, ...fixed.slice(-1)];
  const gaps = equalities.map((one) => [one, gapOf(one, figures)]);
  const broken = gaps.filter(([, gap]) => gap).map(([one]) => one);
  const holding = gaps.filter(([, gap]) => gap === 0).map(([one]) => one);
  const { groups, used } = explain(broken, possibleCauses(broken, holding, figures));
  const exceeded = brokenLimits(figures, limits);
  const found = [
    ...groups.map((group) => contradiction(group[0], figures)),
    ...withoutFollowing(exceeded, used, figures, limits),
    ...withoutDoubled(warnings(figures, registered, limits), exceeded),
  ];
  return found.sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
}

// One cause, one question

function possibleCauses(broken, holding, figures) {
  const confirmed = new Set(holding.flatMap(boxes));
  const causes = [];
  for (const name of new Set(broken.flatMap(boxes))) {
    const explains = broken.filter((one) => boxes(one).includes(name));
    const implied = (one) => figures.get(name) + (name === one.total ? 1 : -1) * gapOf(one, figures);
    const values = new Set(explains.map(implied));
    const [value] = values;
    if (values.size === 1 && !confirmed.has(name) && value >= 0 && value <= MAX_FIGURE) causes.push({ name, value, explains });
  }
  return causes;
}

function explain(broken, causes) {
  const groups = [];
  const used = [];
  let left = [...broken];
  while (left.length) {
    const fitting = causes.filter((cause) => cause.explains.every((one) => left.includes(one)));
    let group = [left[0]];
    if (fitting.length) group = fitting.reduce((best, cause) => (cause.explains.length > best.length ? cause.explains : best), []);
    groups.push(group);
    const same = (cause) => cause.explains.length === group.length && cause.explains.every((one, at) => one === group[at]);
    used.push(...fitting.filter(same));
    left = left.filter((one) => !group.includes(one));
  }
  return { groups, used };
}

const placeOf = (one) => `${one.code} ${one.row}`;

function withoutFollowing(exceeded, causes, figures, limits) {
  const explained = new Set();
  for (const cause of causes) {
    const still = new Set(brokenLimits(figures.with(cause.name, cause.value), limits).map(placeOf));
    for (const one of exceeded) if (!still.has(placeOf(one))) explained.add(placeOf(one));
  }
  const told = new Set();
  return exceeded.filter((one) => {
    const follows = told.has(one.code) && ["voters_dpt", "disabled_voters", "registered_dpt"].includes(one.row);
    if (explained.has(placeOf(one)) || follows) return false;
    told.add(one.code);
    return true;
  });
}

function withoutDoubled(found, exceeded) {
  const codes = new Set([...found, ...exceeded].map((one) => one.code));
  return found.filter((one) => !(one.code === "C1-W03" && codes.has("C1-E10"))
    && !(one.code === "C1-W05" && codes.has("C1-W06")));
}

// Limits

function brokenLimits(figures, limits) {
  const found = [];
  for (const [code, row, limit] of [["C1-E04", "voters_dpt", "registered_dpt"], ["C1-E05", "disabled_voters", "voters_total"]]) {
    for (const part of PARTS) {
      const fields = [row + part, limit + part];
      const known = figures.known(fields);
      if (known && known[0] > known[1]) found.push({ code, fields, left: known[0], right: known[1], row: row + part });
    }
  }
  const cast = figures.known(CAST);
  if (!cast) return found;
  const received = figures.get("ballots_received");
  if (received !== null && sum(cast) > received) {
    found.push({ code: "C1-E10", fields: [...CAST, "ballots_received"], left: sum(cast), right: received, row: "ballots_received" });
  }
  const registered = figures.known(REGISTERED);
  if (!registered) return found;
  const allowed = sum(registered) + reserve(registered[0], limits.reserve);
  if (sum(cast) > allowed) {
    found.push({ code: "C1-E10", fields: [...CAST, ...REGISTERED], left: sum(cast), right: allowed, row: "registered_dpt" });
  }
  return found;
}

// Warnings

function warnings(figures, registered, limits) {
  return [
    delivered(figures, registered, limits), size(figures, registered, limits), turnout(figures, registered, limits),
    invalid(figures, limits), oneSided(figures), allZero(figures), masterData(figures, registered),
  ].filter(Boolean);
}

const warning = (code, fields, left, right) => ({ code, fields, left, right, row: null });

/** The DPT as written, else of the master data, with its box. */
const dpt = (written, master) => (written === null ? [master, []] : [written, ["registered_dpt"]]);

function delivered(figures, master, limits) {
  const received = figures.get("ballots_received");
  const [registered, fields] = dpt(figures.get("registered_dpt"), master);
  if (received === null || registered === null) return null;
  const expected = registered + reserve(registered, limits.reserve);
  return received === expected ? null : warning("C1-W01", [...fields, "ballots_received"], expected, received);
}

function size(figures, master, limits) {
  const [registered, fields] = dpt(figures.get("registered_dpt"), master);
  if (limits.cap === null || registered === null || registered <= limits.cap) return null;
  return warning("C1-W02", fields, registered, limits.cap);
}

function turnout(figures, master, limits) {
  const written = figures.get("valid_votes");
  const valid = written === null ? figures.pairSum : written;
  const spoiled = figures.get("invalid_votes");
  // The master data first: a mistyped DPT on the form must not excuse too many votes.
  const [registered, fields] = master === null ? dpt(figures.get("registered_dpt"), null) : [master, []];
  if (valid === null || spoiled === null || registered === null) return null;
  const limit = tenThousandths(limits.turnout) * registered;
  if ((valid + spoiled) * 10_000 <= limit) return null;
  const voted = written === null ? figures.pairs : ["valid_votes"];
  return warning("C1-W03", [...voted, "invalid_votes", ...fields], valid + spoiled, Math.floor(limit / 10_000));
}

function invalid(figures, limits) {
  const cast = figures.known(CAST);
  if (!cast) return null;
  const [spoiled, total] = [cast[1], sum(cast)];
  const many = limits.invalid_count !== null && spoiled >= limits.invalid_count;
  const large = limits.invalid_share !== null && spoiled * 10_000 >= tenThousandths(limits.invalid_share) * total;
  if (total === 0 || !(many || large)) return null;
  return warning("C1-W04", ["invalid_votes", "valid_votes"], spoiled, total);
}

function oneSided(figures) {
  const valid = figures.get("valid_votes");
  const hasAll = valid && figures.pairs.length > 1 ? figures.pairs.filter((name) => figures.get(name) === valid) : [];
  const hasNone = figures.pairs.filter((name) => figures.get(name) === 0);
  if (!hasAll.length && !hasNone.length) return null;
  return warning("C1-W05", [...hasAll, ...hasNone], hasAll.length ? valid : 0, valid || 0);
}

function allZero(figures) {
  if (figures.pairSum !== 0) return null;
  const filled = Object.keys(figures.values).filter((name) => figures.get(name) !== null);
  return filled.some((name) => figures.get(name)) ? null : warning("C1-W06", filled, 0, filled.length);
}

function masterData(figures, master) {
  const written = figures.get("registered_dpt");
  if (written === null || master === null || written === master) return null;
  return warning("C1-W07", ["registered_dpt"], written, master);
}
