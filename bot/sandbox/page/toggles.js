/** The two side bars: both beside the messages on a wide screen, laid over them on a narrow one. */

import { byId } from "./dom.js";

const PANEL_FITS = matchMedia("(min-width: 1080px)");

/** Starts the two buttons of the top bar. */
export function startToggles() {
  const panel = makeToggle("toggle-panel", (isOpen) => { byId("side-panel").hidden = !isOpen; });
  const channels = makeToggle("toggle-channels", (isOpen) => byId("channels-bar").classList.toggle("open", isOpen));
  panel.set(PANEL_FITS.matches);
  PANEL_FITS.addEventListener("change", () => panel.set(PANEL_FITS.matches));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    channels.set(false);
    if (!PANEL_FITS.matches) panel.set(false);
  });
  return {
    closeChannels: () => channels.set(false),
    closePanel: () => { if (!PANEL_FITS.matches) panel.set(false); },
  };
}

function makeToggle(buttonId, show) {
  const button = byId(buttonId);
  const set = (isOpen) => {
    button.setAttribute("aria-expanded", String(isOpen));
    show(isOpen);
  };
  button.addEventListener("click", () => set(button.getAttribute("aria-expanded") !== "true"));
  return { set };
}
