/** The messages of one channel, newest at the bottom. */

import { drawBlocks } from "./blocks.js";
import { dateOfTs, dayName, fullTime, timeOfDay } from "./dates.js";
import { byId, h, reconcile } from "./dom.js";
import { drawFiles } from "./files.js";
import { drawMrkdwn } from "./text.js";

const NEAR_BOTTOM_PIXELS = 40;

const isAtBottom = (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM_PIXELS;

export function scrollToNewest() {
  const scroller = byId("scroller");
  scroller.scrollTop = scroller.scrollHeight;
  byId("jump").hidden = true;
}

/** Keeps the newest message in sight while the reader is at the bottom, whatever changes the sizes. */
export function followNewest() {
  const scroller = byId("scroller");
  let wasAtBottom = true;
  scroller.addEventListener("scroll", () => {
    wasAtBottom = isAtBottom(scroller);
    if (wasAtBottom) byId("jump").hidden = true;
  });
  const sizes = new ResizeObserver(() => { if (wasAtBottom) scrollToNewest(); });
  sizes.observe(scroller);
  sizes.observe(byId("messages"));
  byId("jump").addEventListener("click", scrollToNewest);
}

/** Draws the list. `click(message, action)` tells Slack about a pressed control; `isNewChannel` scrolls to the end. */
export function showMessages(messages, world, { click, isNewChannel }) {
  const scroller = byId("scroller");
  const staysAtBottom = isNewChannel || isAtBottom(scroller);
  const before = byId("messages").querySelectorAll(".message").length;
  reconcile(byId("messages"), entriesOf(messages, world, click));
  if (staysAtBottom) scrollToNewest();
  else if (messages.length > before) byId("jump").hidden = false;
}

function entriesOf(messages, world, click) {
  const entries = [];
  let day = "";
  for (const message of [...messages].sort((a, b) => Number(a.ts) - Number(b.ts))) {
    const name = dayName(dateOfTs(message.ts));
    if (name !== day) entries.push({ key: `day ${name}`, signature: name, draw: () => h("div", { class: "day" }, h("span", {}, name)) });
    day = name;
    entries.push({
      key: `${world.me} ${message.ts} ${message.ephemeral ? "ephemeral" : ""}`,
      signature: JSON.stringify(message),
      draw: () => drawMessage(message, world, click),
    });
  }
  return entries;
}

/** A message with its thread; in Slack a thread opens at the side, here it stands below. */
function drawMessage(message, world, click) {
  return drawOne(message, world, click, "message",
    message.replies?.length > 0 && h("div", { class: "thread", role: "group", "aria-label": "Replies" },
      message.replies.map((reply) => drawOne(reply, world, click, "reply"))));
}

function drawBody(message, world, click) {
  if (message.blocks?.length) return drawBlocks(message.blocks, { world, click: (action) => click(message, action) });
  return message.text && h("div", { class: "block text" }, drawMrkdwn(message.text, world));
}

function drawOne(message, world, click, kind, below = null) {
  const name = world.nameOf(message.user) || message.username || message.user;
  const time = dateOfTs(message.ts);
  return h("article", {
    class: `${kind} ${message.ephemeral ? "ephemeral" : ""}`.trim(),
    tabindex: "-1",
    "data-testid": kind,
    "data-ts": message.ts,
    "aria-label": `${name}, ${timeOfDay(time)}`,
  },
    drawAvatar(message.user, name),
    h("div", { class: "message-main" },
      message.ephemeral && h("p", { class: "only-you" }, "Only visible to you"),
      h("p", { class: "byline" },
        h("strong", { class: "name" }, name),
        world.isBot(message.user) && h("span", { class: "app-badge" }, "APP"),
        h("time", { datetime: time.toISOString(), title: fullTime(time) }, timeOfDay(time))),
      h("div", { class: "blocks" }, drawBody(message, world, click)),
      drawFiles(message.files ?? [], world),
      message.edited && h("span", { class: "edited" }, "(edited)"),
      below));
}

const AVATAR_COLOURS = 7;

/** A person's initials on a colour of their own. */
export function drawAvatar(id, name) {
  const colour = [...id].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 9973, 7) % AVATAR_COLOURS;
  const initials = name.split(/[\s._-]+/).slice(0, 2).map((word) => word[0] ?? "").join("").toUpperCase();
  return h("span", { class: `avatar avatar-${colour}`, "aria-hidden": "true" }, initials);
}
