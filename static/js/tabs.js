// On a phone the tabs scroll sideways: the one that is open is brought into sight, so that the page says where it is.

const open = document.querySelector(".tabs [aria-current]");
const tabs = open?.closest(".tabs");
if (tabs && tabs.scrollWidth > tabs.clientWidth) {
  const from = open.getBoundingClientRect(), within = tabs.getBoundingClientRect();
  tabs.scrollLeft += from.left - within.left - (within.width - from.width) / 2;
}
