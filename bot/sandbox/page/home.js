/** App Home: beside the messages with the app, a page of its own that the app publishes for each person. */

import { drawBlocks } from "./blocks.js";
import { byId, h, keepFocus, reconcile } from "./dom.js";

let isOpen = false;
let isSeen = false;
let opened = "";
let drawn = "";

/** Chooses the tab of the app that the next drawing shows. */
export const chooseHome = (isChosen) => { isOpen = isChosen; };

/** Whether Home is what is seen, instead of messages. */
export const isHomeSeen = () => isSeen;

/**
 * Shows the tabs of the conversation with the app, and its Home where that is chosen.
 * `open()` tells Slack that somebody looks at it, `click(viewId, action)` that they pressed something there.
 */
export function showHome(channel, home, world, { open, click, redraw }) {
  const isApp = channel.kind === "dm" && world.isBot(channel.with);
  const isShown = isApp && isOpen;
  isSeen = isShown;
  byId("tabs").hidden = !isApp;
  byId("home").hidden = !isShown;
  byId("scroller").hidden = isShown;
  byId("composer").hidden = isShown;
  for (const [name, value] of [["role", "tabpanel"], ["aria-label", "Messages"], ["tabindex", "0"]]) {
    if (isApp) byId("scroller").setAttribute(name, value);
    else byId("scroller").removeAttribute(name);
  }
  showTabs(isApp, redraw);
  if (!isShown) {
    opened = "";
    return;
  }
  if (opened !== world.me) {
    opened = world.me;
    open();
  }
  drawHome(home, world, click);
}

/** Draws the two tabs; the arrow keys go from one to the other, as from tab to tab everywhere. */
function showTabs(isApp, redraw) {
  const choose = (isChosen) => {
    isOpen = isChosen;
    redraw();
    byId("tabs").querySelector("[aria-selected=true]")?.focus();
  };
  const drawTab = (label, isHome) => ({
    key: label,
    signature: String(isOpen === isHome),
    draw: () => h("button", {
      type: "button",
      role: "tab",
      class: isOpen === isHome ? "tab chosen" : "tab",
      "aria-selected": String(isOpen === isHome),
      "aria-controls": isHome ? "home" : "scroller",
      tabindex: isOpen === isHome ? "0" : "-1",
      "data-focus": label,
      "data-testid": `tab-${label.toLowerCase()}`,
      click: () => choose(isHome),
      keydown: (event) => { if (["ArrowLeft", "ArrowRight"].includes(event.key)) choose(!isHome); },
    }, label),
  });
  reconcile(byId("tabs"), isApp ? [drawTab("Messages", false), drawTab("Home", true)] : []);
}

function drawHome(home, world, click) {
  const signature = JSON.stringify([world.me, home]);
  if (signature === drawn) return;
  drawn = signature;
  const place = { world, values: {}, errors: {}, click: (action) => click(home.id, action) };
  const content = home
    ? h("div", { class: "blocks" }, drawBlocks(home.blocks, place))
    : h("p", { class: "hint" }, "The app has published nothing here yet.");
  const panel = byId("home");
  const scroll = panel.scrollTop;
  keepFocus(panel, () => panel.replaceChildren(content), panel);
  panel.scrollTop = scroll;
}
