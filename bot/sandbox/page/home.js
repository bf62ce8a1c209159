/** App Home: beside the messages with the app, a page of its own that the app publishes for each person. */

import { drawBlocks } from "./blocks.js";
import { byId, h, keepFocus } from "./dom.js";

let isOpen = false;
let opened = "";
let drawn = "";

/**
 * Shows the tabs of the conversation with the app, and its Home where that is chosen.
 * `open()` tells Slack that somebody looks at it, `click(viewId, action)` that they pressed something there.
 */
export function showHome(channel, home, world, { open, click, redraw }) {
  const isApp = channel.kind === "dm" && world.isBot(channel.with);
  const isShown = isApp && isOpen;
  byId("tabs").hidden = !isApp;
  byId("home").hidden = !isShown;
  byId("scroller").hidden = isShown;
  byId("composer").hidden = isShown;
  byId("tabs").replaceChildren(...(isApp ? [drawTab("Messages", !isOpen), drawTab("Home", isOpen)] : []));
  if (!isShown) {
    opened = "";
    return;
  }
  if (opened !== world.me) {
    opened = world.me;
    open();
  }
  drawHome(home, world, click);

  function drawTab(label, isChosen) {
    return h("button", {
      type: "button",
      role: "tab",
      class: isChosen ? "tab chosen" : "tab",
      "aria-selected": String(isChosen),
      "aria-controls": label === "Home" ? "home" : "scroller",
      "data-testid": `tab-${label.toLowerCase()}`,
      click: () => {
        isOpen = label === "Home";
        redraw();
        byId("tabs").querySelector("[aria-selected=true]")?.focus();
      },
    }, label);
  }
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
