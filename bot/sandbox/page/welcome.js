/** What an empty channel says: how to begin, with lines to click into the message box. */

import { byId, h } from "./dom.js";

const EXAMPLES = [
  ["ask for a trusted publisher", "/npmtrust github @acme/ui --repo acme/ui --file release.yml"],
  ["link your npm account", "/npmtrust login"],
  ["see what a package trusts", "/npmtrust list @acme/core"],
];

/** Shows or hides the teaching state; `pick(line)` puts a line into the box. */
export function showWelcome(channel, isEmpty, pick) {
  const welcome = byId("welcome");
  const isNew = isEmpty && welcome.dataset.channel !== channel.id;
  welcome.hidden = !isEmpty;
  if (!isNew) return;
  welcome.dataset.channel = channel.id;
  const line = (text) => h("button", { type: "button", class: "example", click: () => pick(text) }, h("code", {}, text));
  welcome.replaceChildren(
    h("h2", {}, channel.kind === "dm" ? "No messages here yet" : "It is quiet in here"),
    h("p", {}, "Type ", line("/npmtrust help"), " to begin, or put one of these into the box:"),
    h("ul", {}, EXAMPLES.map(([what, text]) => h("li", {}, line(text), h("span", {}, what)))),
    h("p", { class: "hint" }, channel.kind === "dm"
      ? "Links to npm, and what only you should see, arrive in this conversation."
      : "Everything stays on this machine: the Slack, the npm registry and the bot are its own."));
}
