// The photo panel: larger, smaller, whole, turned, brighter; one page at a time.
//
// Without this module the photos stand under each other and open in full size.
// Keys (+ - 0 R B) act only outside text fields and never together with a
// modifier; each has a visible button.

const STEP = 1.5;
const LARGEST = 6;
// A stage lower than this (a phone) begins with the full width: the whole page would be too small to read.
const WHOLE_FROM = 480;

/** Width and height of a photo on a stage, in CSS pixels, and the margins that make room for a quarter turn. */
export function placed({ width, height, stageWidth, stageHeight, zoom, turn, whole }) {
  const [seenWidth, seenHeight] = turn % 2 ? [height, width] : [width, height];
  const fit = whole ? Math.min(stageWidth / seenWidth, stageHeight / seenHeight) : stageWidth / seenWidth;
  const shown = { width: width * fit * zoom, height: height * fit * zoom };
  // A turned box keeps its place in the layout; margins give it the room it is seen in.
  const shift = turn % 2 ? (shown.height - shown.width) / 2 : 0;
  return { ...shown, inline: shift, block: -shift };
}

/** The action of a key press, or undefined. */
export function actionOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
  const field = event.target.closest?.("input:not([type=radio]):not([type=checkbox]), textarea, select");
  if (field) return undefined;
  return { "+": "in", "=": "in", "-": "out", "−": "out", 0: "fit", r: "turn", b: "bright" }[event.key.toLowerCase()];
}

function attach(viewer) {
  const stage = viewer.querySelector("[data-viewer-stage]");
  const photos = [...viewer.querySelectorAll("[data-viewer-photo]")];
  const tabs = [...viewer.querySelectorAll("[data-viewer-page]")];
  const bright = viewer.querySelector("[data-viewer-do=bright]");
  const state = { page: 0, zoom: 1, turn: 0, bright: false };
  const image = () => photos[state.page]?.querySelector("img");

  function draw() {
    photos.forEach((photo, page) => { photo.hidden = page !== state.page; });
    tabs.forEach((tab, page) => tab.toggleAttribute("aria-current", page === state.page));
    bright.setAttribute("aria-pressed", String(state.bright));
    const shown = image();
    if (!shown || !shown.naturalWidth) return;
    const style = getComputedStyle(stage);
    const stageWidth = stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const stageHeight = stage.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const box = placed({
      width: shown.naturalWidth, height: shown.naturalHeight, stageWidth, stageHeight,
      zoom: state.zoom, turn: state.turn, whole: stage.clientHeight >= WHOLE_FROM,
    });
    // Set through the object model: the security policy forbids style attributes, not this.
    Object.assign(shown.style, {
      maxWidth: "none", width: `${box.width}px`, height: `${box.height}px`,
      margin: `${box.block}px ${box.inline}px`, transform: `rotate(${state.turn * 90}deg)`,
    });
    shown.classList.toggle("is-bright", state.bright);
  }

  /** Zoom round the middle of what is seen. */
  function zoomTo(zoom) {
    const middle = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
    const factor = zoom / state.zoom;
    state.zoom = zoom;
    draw();
    stage.scrollTo(middle[0] * factor - stage.clientWidth / 2, middle[1] * factor - stage.clientHeight / 2);
  }

  const actions = {
    in: () => zoomTo(Math.min(state.zoom * STEP, LARGEST)),
    out: () => zoomTo(Math.max(state.zoom / STEP, 1)),
    fit: () => { state.zoom = 1; draw(); stage.scrollTo(0, 0); },
    turn: () => { state.turn = (state.turn + 1) % 4; draw(); },
    bright: () => { state.bright = !state.bright; draw(); },
  };

  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-viewer-do]");
    if (button) actions[button.dataset.viewerDo]();
    const tab = event.target.closest("[data-viewer-page]");
    if (!tab) return;
    event.preventDefault();
    Object.assign(state, { page: tabs.indexOf(tab), zoom: 1, turn: 0 });
    draw();
    stage.scrollTo(0, 0);
  });
  document.addEventListener("keydown", (event) => {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    actions[action]();
  });
  photos.forEach((photo) => photo.querySelector("img")?.addEventListener("load", draw));
  addEventListener("resize", draw);
  dragToScroll(stage);
  viewer.querySelector("[data-viewer-tools]").hidden = photos.length === 0;
  draw();
}

/** A photo larger than its stage moves with the mouse; a press that did not move is still a click. */
function dragToScroll(stage) {
  let from = null;
  let moved = false;
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return; // a finger scrolls by itself
    from = [event.clientX + stage.scrollLeft, event.clientY + stage.scrollTop];
    moved = false;
  });
  stage.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = [from[0] - event.clientX, from[1] - event.clientY];
    moved ||= Math.hypot(x - stage.scrollLeft, y - stage.scrollTop) > 4;
    if (moved) stage.scrollTo(x, y);
  });
  addEventListener("pointerup", () => { from = null; });
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  stage.addEventListener("click", (event) => {
    if (moved) event.preventDefault();
    moved = false;
  });
}

for (const viewer of document.querySelectorAll("[data-viewer]")) attach(viewer);
