// The photo panel: larger, smaller, whole, turned, brighter; one page at a time.
// By button, key, wheel (with Ctrl, or plain where data-viewer-wheel says so), mouse and two fingers.
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

/**
 * Make a panel work. `kept` (what `detach` returned of another panel) goes on with its light, and with the part of
 * each page that was looked at; without it every page begins whole. `onPage` hears which page was chosen by hand.
 */
export function attach(viewer, { kept = null, onPage = () => {} } = {}) {
  const stage = viewer.querySelector("[data-viewer-stage]");
  const photos = [...viewer.querySelectorAll("[data-viewer-photo]")];
  const tabs = [...viewer.querySelectorAll("[data-viewer-page]")];
  const bright = viewer.querySelector("[data-viewer-do=bright]");
  const state = { page: 0, zoom: 1, turn: 0, bright: false, ...kept?.state };
  // By page: how large, and which part (as shares of what can be scrolled).
  const views = kept ? kept.views : null;
  const ended = new AbortController();
  const { signal } = ended;
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

  /** Zoom round a point of the stage, or the middle of what is seen. */
  function zoomTo(zoom, at = [stage.clientWidth / 2, stage.clientHeight / 2]) {
    const wanted = Math.min(Math.max(zoom, 1), LARGEST);
    const point = [stage.scrollLeft + at[0], stage.scrollTop + at[1]];
    const factor = wanted / state.zoom;
    state.zoom = wanted;
    draw();
    stage.scrollTo(point[0] * factor - at[0], point[1] * factor - at[1]);
  }

  function rememberView() {
    if (!views) return;
    const [width, height] = [stage.scrollWidth - stage.clientWidth, stage.scrollHeight - stage.clientHeight];
    views[state.page] = { zoom: state.zoom, left: width && stage.scrollLeft / width, top: height && stage.scrollTop / height };
  }

  function showView() {
    const view = views?.[state.page] || { zoom: 1, left: 0, top: 0 };
    state.zoom = view.zoom;
    draw();
    stage.scrollTo(view.left * (stage.scrollWidth - stage.clientWidth), view.top * (stage.scrollHeight - stage.clientHeight));
  }

  function show(page) {
    if (page === state.page || !photos[page]) return;
    rememberView();
    Object.assign(state, { page, turn: 0 });
    showView();
  }

  const actions = {
    in: () => zoomTo(state.zoom * STEP),
    out: () => zoomTo(state.zoom / STEP),
    fit: () => { state.zoom = 1; draw(); stage.scrollTo(0, 0); },
    turn: () => { state.turn = (state.turn + 1) % 4; draw(); },
    bright: () => { state.bright = !state.bright; draw(); },
  };

  function choose(page) {
    if (!photos[page]) return;
    show(page);
    onPage(page);
  }

  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("[data-viewer-do]");
    if (button) actions[button.dataset.viewerDo]();
    const tab = event.target.closest("[data-viewer-page]");
    if (!tab) return;
    event.preventDefault();
    choose(tabs.indexOf(tab));
  }, { signal });
  document.addEventListener("keydown", (event) => {
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    actions[action]();
  }, { signal });
  photos.forEach((photo, page) => photo.querySelector("img")?.addEventListener("load", () => {
    if (page === state.page) showView();
  }, { signal }));
  addEventListener("resize", draw, { signal });
  dragToScroll(stage, signal);
  wheelToZoom(stage, viewer.hasAttribute("data-viewer-wheel"), (factor, at) => zoomTo(state.zoom * factor, at), signal);
  pinchToZoom(stage, () => state.zoom, zoomTo, signal);
  viewer.querySelector("[data-viewer-tools]").hidden = photos.length === 0;
  showView();
  return {
    show,
    /** The next page, or the one before. */
    step: (by) => choose(state.page + by),
    act: (name) => actions[name](),
    /** Let go; returns what a panel of other photos goes on with. */
    detach() {
      rememberView();
      ended.abort();
      return { state: { bright: state.bright }, views: views || [] };
    },
  };
}

function wheelToZoom(stage, plain, zoomBy, signal) {
  stage.addEventListener("wheel", (event) => {
    if (!plain && !event.ctrlKey) return;
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    zoomBy(Math.exp(-event.deltaY / 400), [event.clientX - box.left, event.clientY - box.top]);
  }, { passive: false, signal });
}

/** Two fingers; one finger scrolls by itself. */
function pinchToZoom(stage, zoomNow, zoomTo, signal) {
  let from = null;
  const apart = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  stage.addEventListener("touchstart", (event) => {
    from = event.touches.length === 2 ? { apart: apart(event.touches), zoom: zoomNow() } : null;
  }, { passive: true, signal });
  stage.addEventListener("touchmove", (event) => {
    if (!from || event.touches.length !== 2) return;
    event.preventDefault();
    const [a, b] = event.touches;
    const box = stage.getBoundingClientRect();
    const middle = [(a.clientX + b.clientX) / 2 - box.left, (a.clientY + b.clientY) / 2 - box.top];
    zoomTo((from.zoom * apart(event.touches)) / from.apart, middle);
  }, { passive: false, signal });
}

/** A photo larger than its stage moves with the mouse; a press that did not move is still a click. */
function dragToScroll(stage, signal) {
  let from = null;
  let moved = false;
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0) return; // a finger scrolls by itself
    from = [event.clientX + stage.scrollLeft, event.clientY + stage.scrollTop];
    moved = false;
  }, { signal });
  stage.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [x, y] = [from[0] - event.clientX, from[1] - event.clientY];
    moved ||= Math.hypot(x - stage.scrollLeft, y - stage.scrollTop) > 4;
    if (moved) stage.scrollTo(x, y);
  }, { signal });
  addEventListener("pointerup", () => { from = null; }, { signal });
  stage.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
  stage.addEventListener("click", (event) => {
    if (moved) event.preventDefault();
    moved = false;
  }, { signal });
}

// Others ("kept") are exchanged in place, by the script that exchanges them.
for (const viewer of document.querySelectorAll('[data-viewer=""]')) attach(viewer);
