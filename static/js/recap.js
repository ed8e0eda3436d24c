// Comfort for the sheet of a D.Hasil; it works fully without it.
//
// The columns are added up beside the total as they are typed. On a phone, and on
// the page of a saksi PPK, one column is shown at a time (data-column), and Enter goes down the column that
// is open, then to the next one.

import { sumOf } from "./figures.js";

const NARROW = matchMedia("(max-width:639px)");
const isTurned = () => NARROW.matches || document.body.classList.contains("phone");

function showSums(form) {
  for (const output of form.querySelectorAll("[data-recap-sum]")) {
    const row = [...form.querySelectorAll(`input[data-row="${output.dataset.recapSum}"]`)];
    const sum = sumOf(row.filter((field) => field.dataset.part).map((field) => field.value));
    const total = row.find((field) => !field.dataset.part).value.trim();
    const shown = sum === "" || isNaN(sum) ? sum : Number(sum).toLocaleString(document.documentElement.lang);
    if (output.textContent !== shown) output.textContent = shown;
    output.toggleAttribute("data-differs", sum !== "" && total !== "" && sum !== total);
  }
}

function attach(form) {
  const sheet = form.querySelector("[data-recap-sheet]");
  const turns = form.querySelector("[data-recap-turns]");
  const heads = [...sheet.querySelectorAll("thead [data-column]:not([data-computed])")];
  const place = turns.querySelector("[data-recap-place]");
  let open = 0;

  function turn(to) {
    open = Math.min(Math.max(to, 0), heads.length - 1);
    const column = heads[open].dataset.column;
    for (const one of sheet.querySelectorAll("[data-column]")) one.classList.toggle("is-open", one.dataset.column === column);
    const said = `${heads[open].textContent} (${open + 1}/${heads.length})`;
    if (place.textContent !== said) place.textContent = said;
    for (const button of turns.querySelectorAll("[data-recap-go]")) {
      const beyond = open + Number(button.dataset.recapGo);
      button.disabled = beyond < 0 || beyond >= heads.length;
    }
  }

  const columnOf = (field) => heads.findIndex((head) => head.dataset.column === field.closest("[data-column]").dataset.column);
  const fieldsOf = (number) => [...sheet.querySelectorAll(`td[data-column="${heads[number].dataset.column}"] input`)];

  const lay = () => {
    sheet.classList.toggle("is-turned", isTurned());
    turns.hidden = !isTurned();
  };
  NARROW.addEventListener("change", lay);
  lay();
  turns.addEventListener("click", (event) => {
    const button = event.target.closest("[data-recap-go]");
    if (!button) return;
    turn(open + Number(button.dataset.recapGo));
    fieldsOf(open)[0].focus();
  });
  // A box that is asked about, or not a figure, is linked to: its column has to be the open one.
  form.ownerDocument.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const field = link && sheet.querySelector(`input[id="${CSS.escape(link.hash.slice(1))}"]`);
    if (!field) return;
    event.preventDefault();
    turn(columnOf(field));
    field.focus();
  });
  // Before figures.js, which would go along the row into a column that is not shown.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !event.target.matches("input[data-row]") || !isTurned()) return;
    const fields = fieldsOf(open);
    const next = fields[fields.indexOf(event.target) + 1];
    if (!next && open === heads.length - 1) return;
    event.preventDefault();
    event.stopPropagation();
    if (!next) turn(open + 1);
    (next || fieldsOf(open)[0]).focus();
  }, true);
  form.addEventListener("input", () => showSums(form));
  const asked = sheet.querySelector('[aria-invalid="true"]') || sheet.querySelector(".figure--asked input");
  turn(asked ? columnOf(asked) : 0);
  showSums(form);
}

for (const form of document.querySelectorAll("form[data-recap]")) attach(form);
