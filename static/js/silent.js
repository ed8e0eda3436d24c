// Comfort for the list of stations that are not in; it works fully without it.
//
// Says when a press was not written down, and picks all stations of the page.

const failed = document.getElementById("silent-failed");

/** The server did not answer, or not with the row. */
function notNoted() {
  if (!failed) return;
  failed.hidden = false;
  failed.scrollIntoView({ block: "nearest" });
}

for (const name of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.body.addEventListener(name, notNoted);
}
document.body.addEventListener("htmx:afterSwap", () => {
  if (failed) failed.hidden = true;
});

const all = document.querySelector("[data-all]");
if (all) {
  const picks = [...document.querySelectorAll("input[name=tps]")];
  const box = all.querySelector("input");
  all.hidden = false;
  box.addEventListener("change", () => picks.forEach((pick) => { pick.checked = box.checked; }));
  document.addEventListener("change", (event) => {
    if (picks.includes(event.target)) box.checked = picks.every((pick) => pick.checked);
  });
}
