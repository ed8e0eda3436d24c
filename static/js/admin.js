// Names for what Django's admin leaves without one, so that a screen reader can say it:
// the boxes of an inline table are named by their column, the choosers of select2 by their label.

function nameBoxes(root) {
  for (const box of root.querySelectorAll(".tabular td :is(input, select, textarea):not([type=hidden])")) {
    const field = [...box.closest("td").classList].find((name) => name.startsWith("field-"));
    if (!field || box.labels.length || box.hasAttribute("aria-label")) continue;
    const head = box.closest("table").querySelector(`th.column-${field.slice("field-".length)}`);
    if (head) box.setAttribute("aria-label", head.firstChild.textContent.trim());
  }
}

function nameChoosers(root) {
  for (const chooser of root.querySelectorAll(".select2-selection[role=combobox]")) {
    const label = chooser.closest(".select2").previousElementSibling?.labels?.[0];
    const shown = chooser.querySelector(".select2-selection__rendered");
    if (!label || !shown) continue;
    label.id ||= `${label.htmlFor}-label`;
    chooser.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    shown.setAttribute("aria-labelledby", label.id);
  }
}

function nameAll() {
  nameBoxes(document);
  nameChoosers(document);
}

// select2 is set up some time after the document is ready, and rows of inline tables are added later.
new MutationObserver(nameAll).observe(document.body, { childList: true, subtree: true });
nameAll();
