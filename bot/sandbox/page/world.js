/** The menu of the world: what a visitor can make go wrong, and the time. */

import { setNow, weekTime } from "./dates.js";
import { byId, h, reconcile } from "./dom.js";
import { AFTER } from "./world_hints.js";

const SWITCHES = [
  ["calls_ask", "npm asks at each call", "“Do not ask again for 5 minutes” counts for nothing."],
  ["too_many", "npm answers 429", "Each call that changes something is one too many."],
];
const DEEDS = [
  ["close_windows", "windows", "Close windows", "“Do not ask again for 5 minutes” is over"],
  ["end_sessions", "sessions", "End sessions", "npm takes no token of a login any more"],
  ["publish_by_hand", "", "Publish @acme/core by hand", "It had a trusted publisher: whoever watches it gets an alarm within the hour"],
];
const SPANS = [
  ["5m", "+5 min", "Five minutes pass"],
  ["1h", "+1 h", "An hour passes"],
  ["1d", "+1 day", "A day passes"],
  ["2d", "+2 days", "Two days pass: npm drops a publisher that nothing was published through"],
];

/** `turn(name, on)` throws a switch, `act(deed)` does something once. Without a world there is no menu. */
export function showWorld(world, { turn, act }) {
  byId("world-section").hidden = world.now === undefined;
  if (world.now === undefined) return;
  setNow(world.now * 1000);
  byId("world-time").textContent = weekTime(world.now);
  reconcile(byId("world-switches"), SWITCHES.map(([name, label, hint]) => ({
    key: name,
    signature: String(world[name]),
    draw: () => h("li", {}, h("button", {
      type: "button",
      role: "switch",
      class: "switch",
      "aria-checked": String(Boolean(world[name])),
      title: hint,
      "data-focus": name,
      click: () => turn(name, !world[name]),
    }, h("span", { class: "switch-track", "aria-hidden": "true" }), label)),
  })));
  reconcile(byId("world-deeds"), DEEDS.map(([deed, count, label, title]) => ({
    key: deed,
    signature: String(world[count]),
    draw: () => h("li", {}, drawDeed(deed, count ? `${label} (${world[count]})` : label, act, { title, disabled: world[count] === 0 })),
  })));
  reconcile(byId("world-spans"), SPANS.map(([deed, label, title]) => ({
    key: deed,
    signature: label,
    draw: () => h("li", {}, drawDeed(deed, label, act, { title })),
  })));
}

/** Says what follows from what was just done, with a line that shows it: `pick(line)` puts it into the message box. */
export function showAftermath(deed, pick) {
  const [text, line] = AFTER[deed] ?? [""];
  const hint = byId("world-hint");
  hint.hidden = !text;
  hint.replaceChildren(text, ...(line ? [" ", h("button", { type: "button", class: "next-button", click: () => pick(line) }, h("code", {}, line))] : []));
}

const drawDeed = (deed, label, act, more) =>
  h("button", { type: "button", class: "button small", "data-focus": deed, click: () => act(deed), ...more }, label);
