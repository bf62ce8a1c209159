/** The rich_text block: what Slack makes of a person's own formatted text. */

import { h } from "./dom.js";
import { safeUrl } from "./mrkdwn.js";
import { drawDate, drawLink, drawMention, drawPlain } from "./text.js";

export function drawRichText(block, world) {
  return block.elements.map((part) => drawPart(part, world));
}

function drawPart(part, world) {
  if (part.type === "rich_text_list") {
    return h(part.style === "ordered" ? "ol" : "ul", {}, part.elements.map((item) => h("li", {}, drawInline(item, world))));
  }
  const tag = { rich_text_preformatted: "pre", rich_text_quote: "blockquote" }[part.type] ?? "div";
  return h(tag, {}, drawInline(part, world));
}

function drawInline(part, world) {
  return part.elements.map((element) => styled(drawElement(element, world), element.style ?? {}));
}

function drawElement(element, world) {
  if (element.type === "link") {
    const url = safeUrl(element.url);
    return url ? drawLink(url, element.text || element.url) : element.text || element.url;
  }
  if (element.type === "user") return drawMention(`@${world.nameOf(element.user_id) || element.user_id}`, element.user_id === world.me);
  if (element.type === "channel") return drawMention(`#${world.channelName(element.channel_id) || "private channel"}`);
  if (element.type === "broadcast") return drawMention(`@${element.range}`, true);
  if (element.type === "emoji") return h("span", {}, drawPlain(`:${element.name}:`));
  if (element.type === "date") return drawDate(element.timestamp, element.format);
  return element.text ?? "";
}

function styled(node, style) {
  const tags = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]];
  return tags.reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}
