/** Slack's text objects as DOM nodes. */

import { formatSlackDate, fullTime } from "./dates.js";
import { h } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { parseMrkdwn } from "./mrkdwn.js";

/** A text object of Block Kit; `world` knows people and channels by their ids. */
export function drawText(text, world) {
  if (!text) return [];
  if (text.type === "mrkdwn") return drawMrkdwn(text.text, world, text.verbatim);
  return text.emoji === false ? [text.text] : drawPlain(text.text);
}

export function drawMrkdwn(text, world, verbatim = false) {
  return parseMrkdwn(text, { verbatim }).map((node) => drawNode(node, world));
}

/** Plain text: only :emoji: are replaced. */
export function drawPlain(text) {
  return text.split(/(:[a-z0-9_+-]+:)/).map((part) => (/^:.+:$/.test(part) ? drawEmoji(part.slice(1, -1)) : part));
}

export function drawLink(url, label) {
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);
}

export function drawDate(timestamp, format) {
  const date = new Date(timestamp * 1000);
  return h("time", { datetime: date.toISOString(), title: fullTime(date) }, formatSlackDate(timestamp, format));
}

function drawEmoji(name) {
  const glyph = Object.hasOwn(EMOJI, name) ? EMOJI[name] : null;
  return glyph ? h("span", { class: "emoji", title: `:${name}:` }, glyph) : `:${name}:`;
}

function drawNode(node, world) {
  return DRAW[node.type](node, world);
}

const wrapped = (tag) => (node, world) => h(tag, {}, node.children.map((child) => drawNode(child, world)));

const DRAW = {
  text: (node) => document.createTextNode(node.text),
  break: () => h("br"),
  emoji: (node) => drawEmoji(node.name),
  bold: wrapped("strong"),
  italic: wrapped("em"),
  strike: wrapped("s"),
  code: wrapped("code"),
  pre: wrapped("pre"),
  quote: wrapped("blockquote"),
  link: (node) => drawLink(node.url, node.label),
  user: (node, world) => drawMention(`@${world.nameOf(node.id) || node.label || node.id}`, node.id === world.me),
  channel: (node, world) => drawMention(`#${world.channelName(node.id) || node.label || "private channel"}`),
  broadcast: (node) => drawMention(`@${node.name}`, true),
  date: (node) => {
    const time = drawDate(node.timestamp, node.format);
    return node.url ? drawLink(node.url, time) : time;
  },
};

export function drawMention(text, isLoud = false) {
  return h("span", { class: isLoud ? "mention loud" : "mention" }, text);
}
