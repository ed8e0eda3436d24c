// Comfort for the kotak angka; a form works fully without it.
//
// A form with data-figures: Enter goes to the next figure and submits on the
// last; anything but digits shows the hint under its field at once; the figures
// of one group (data-figure="pairs") are added up into its output
// (data-figure-sum="pairs") as they are typed; three boxes become four for a
// fourth digit.

const DIGITS = /^[0-9]*$/;

/** Sum of the filled fields of a group: "" when all are empty, "–" when one is no number. */
export function sumOf(values) {
  const filled = values.map((value) => value.trim()).filter((value) => value !== "");
  if (!filled.every((value) => DIGITS.test(value))) return "–";
  return filled.length ? String(filled.reduce((sum, value) => sum + Number(value), 0)) : "";
}

function showHint(field) {
  const hint = document.getElementById(field.id + "_hint");
  const wrong = !DIGITS.test(field.value.trim());
  if (hint) hint.hidden = !wrong;
  if (wrong) field.setAttribute("aria-invalid", "true");
  else if (!document.getElementById(field.id + "_error")) field.removeAttribute("aria-invalid");
}

function showBoxes(element, text) {
  const figure = element.parentElement;
  if (!/figure--[56]/.test(figure.className)) figure.classList.toggle("figure--4", text.length > 3);
}

function showSums(form, figures) {
  for (const output of form.querySelectorAll("[data-figure-sum]")) {
    const group = figures.filter((field) => field.dataset.figure === output.dataset.figureSum);
    const sum = sumOf(group.map((field) => field.value));
    // Writing the same text again would make a screen reader say it again.
    if (output.textContent !== sum) output.textContent = sum;
    showBoxes(output, sum);
  }
}

export function attach(form) {
  const figures = [...form.querySelectorAll("input[data-figure]")];
  form.addEventListener("input", (event) => {
    if (!figures.includes(event.target)) return;
    showHint(event.target);
    showBoxes(event.target, event.target.value);
    showSums(form, figures);
  });
  form.addEventListener("keydown", (event) => {
    const place = figures.indexOf(event.target);
    if (event.key !== "Enter" || event.isComposing || place < 0 || place === figures.length - 1) return;
    event.preventDefault();
    const folded = figures[place + 1].closest("details");
    if (folded) folded.open = true;
    figures[place + 1].focus();
    figures[place + 1].select();
  });
  showSums(form, figures);
}

// Others ("kept") are exchanged in place, by the script that exchanges them.
for (const form of document.querySelectorAll('form[data-figures=""]')) attach(form);
