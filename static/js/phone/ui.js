// Small parts of the phone's pages: elements, words, and the components of templates/components/.

const facts = JSON.parse(document.getElementById("phone-facts")?.textContent || "{}");

/** The words of the page's language and a few facts, from tallies/phone/texts.py. */
export const { texts = {}, labels = {}, rows = {}, sentences = {}, equalities = [], icons = "", english = false, addresses = {} } = facts;

/** h("p.note", {id: "x"}, "text", node, …): an element; false and null children are left out. */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if ((value ?? false) !== false) element.setAttribute(key, value);
  }
  element.append(...children.flat(2).filter((child) => (child ?? false) !== false));
  return element;
}

/** The sentence of `key` with {names} filled in. */
export function say(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function icon(name, { state = "", size = "" } = {}) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", ["icon", size && `icon--${size}`, state && `icon--${state}`].filter(Boolean).join(" "));
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${icons}#${name}`);
  svg.append(use);
  return svg;
}

const ICON_OF = { ask: "disputed", failed: "failed", done: "verified", inform: "speech", queue: "phone" };

/** An alert. `key`: of its bold words (key_bold, or key) and of what follows (key_text), or the bold words themselves. */
export function notice(kind, key, { mark, id, text, actions = [], ...values } = {}) {
  const bold = texts[`${key}_bold`] ? `${key}_bold` : key;
  const rest = text ?? (texts[`${key}_text`] ? say(`${key}_text`, values) : "");
  const body = h("div.alert__body", {}, h("b", {}, say(bold, values)), rest && ` ${rest}`,
    actions.length > 0 && h("div.alert__actions", {}, actions));
  return h(`div.alert.alert--${kind}`, { role: kind === "failed" ? "alert" : "status", id }, icon(mark || ICON_OF[kind]), body);
}

/** A button; `main` is the filled one. `label`: a key, or the words. `to` makes it a link. */
export function button(label, { main = false, wide = false, mark, to, press, ...rest } = {}) {
  const kind = main ? ".button--main" : wide ? ".button--wide" : "";
  const inside = [mark && icon(mark), h("span", {}, say(label))];
  if (to) return h(`a.button${kind}`, { href: to, ...rest }, inside);
  return h(`button.button${kind}`, { type: "button", onclick: press, ...rest }, inside);
}

export function square(pair, size = "") {
  return h(["span", "square", size && `square--${size}`, `square--${pair.colour}`].filter(Boolean).join("."), {},
    h("span.visually-hidden", {}, `${say("pair")} `), pair.number);
}

/** A screen that only says something: its title, why, and what to do. */
export function told(kind, key, { title = key, back = "", place, actions, ...more } = {}) {
  const body = [h("h1", {}, say(title)), notice(kind, key, more), actions && h("div.actions", {}, actions)];
  return { title: say(title), back, place, body };
}

export const band = (second) => h("div.practice-band",
  second ? { "aria-hidden": "true" } : { role: "region", "aria-label": say("practice") }, say("practice_band"));

export function progressBar(share, label) {
  return h("progress.phone-progress", { max: 100, value: Math.round(share * 100), "aria-label": label });
}

/** "14.02 WIB" ("14:02 WIB" in English), with the day when it is not today's; in the zone of the place. */
export function clock(moment, place) {
  const told = (options, date = new Date(moment)) => new Intl.DateTimeFormat(english ? "en-GB" : "id", { timeZone: place.zone, ...options }).format(date);
  const day = { day: "numeric", month: "short" };
  const isToday = told(day) === told(day, new Date());
  return [isToday ? "" : told(day), told({ hour: "2-digit", minute: "2-digit" }), place.zone_name].filter(Boolean).join(" ");
}

export const grouped = (number) => new Intl.NumberFormat(english ? "en" : "id").format(number);
