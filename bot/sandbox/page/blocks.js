/**
 * Block Kit as DOM nodes: the blocks that a bot of text, buttons and forms uses.
 *
 * A `place` is where blocks stand: {world, click(action) -> Promise, values, errors, isTitled}. `world` knows names,
 * `click` tells Slack about a pressed control; a modal also has typed values and errors by block_id, and a title of its own,
 * below which its headers stand.
 */

import { drawControl } from "./controls.js";
import { h } from "./dom.js";
import { drawInput } from "./inputs.js";
import { drawRichText } from "./rich_text.js";
import { drawMrkdwn, drawText } from "./text.js";

export function drawBlocks(blocks, place) {
  return blocks.map((block) => (DRAW[block.type] ?? drawUnknown)(block, place));
}

const DRAW = {
  section: drawSection,
  header: (block, place) => h(place.isTitled ? "h3" : "h2", { class: "block header" }, drawText(block.text, place.world)),
  divider: () => h("hr", { class: "block" }),
  context: drawContext,
  actions: drawActions,
  image: drawImage,
  input: drawInput,
  rich_text: (block, place) => h("div", { class: "block rich-text" }, drawRichText(block, place.world)),
  markdown: (block, place) => h("div", { class: "block text" }, drawMrkdwn(block.text, place.world)),
};

function drawSection(block, place) {
  return h("div", { class: "block section" },
    h("div", { class: "section-body" },
      block.text && h("div", { class: "text" }, drawText(block.text, place.world)),
      block.fields && h("div", { class: "fields" },
        block.fields.map((field) => h("div", { class: "text" }, drawText(field, place.world))))),
    block.accessory && h("div", { class: "accessory" }, drawControl(block.accessory, block, place)));
}

function drawContext(block, place) {
  return h("div", { class: "block context" },
    block.elements.map((element) => h("span", { class: "text" }, element.alt_text ?? drawText(element, place.world))));
}

/** A picture of the local Slack itself; any other address stays its words, as this page loads nothing from elsewhere. */
function drawImage(block, place) {
  const file = block.slack_file?.id;
  return h("figure", { class: "block picture" },
    block.title && h("figcaption", {}, drawText(block.title, place.world)),
    file
      ? h("img", { src: `/sandbox/files/${encodeURIComponent(file)}/picture.png?as=${encodeURIComponent(place.world.me)}`, alt: block.alt_text })
      : h("p", { class: "hint" }, block.alt_text));
}

function drawActions(block, place) {
  return h("div", { class: "block actions" }, block.elements.map((element) => drawControl(element, block, place)));
}

function drawUnknown(block) {
  return h("p", { class: "block unknown" }, `This page cannot draw a block of type “${block.type}”.`);
}
