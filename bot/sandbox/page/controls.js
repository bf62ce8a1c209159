/** What can be pressed in a message or a modal: buttons, overflow menus, selects. Each press goes to the bot. */

import { confirmed } from "./confirm.js";
import { h } from "./dom.js";
import { safeUrl } from "./mrkdwn.js";
import { drawPlain, drawText } from "./text.js";

export function drawControl(element, block, place) {
  return (DRAW[element.type] ?? drawUnknown)(element, block, place);
}

const DRAW = { button: drawButton, overflow: drawOverflow, static_select: drawSelect };

/** The options of an element, in groups or not. */
export const optionsOf = (element) => element.options ?? element.option_groups?.flatMap((group) => group.options) ?? [];

const plainText = (text) => drawPlain(text?.text ?? "");

/** Names a control across redraws, so that the focus finds it again. */
const focusName = (element, block) => `${block.block_id ?? ""}/${element.action_id ?? ""}`;

/** Tells the bot, after the confirmation that the element may ask for. Ignored while the last press is on its way. */
async function press(control, element, block, place, value) {
  if (control.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await confirmed(element.confirm, place.world))) return;
  const url = safeUrl(element.url ?? "");
  if (url) window.open(url, "_blank", "noopener,noreferrer");
  control.setAttribute("aria-busy", "true");
  await place.click({ action_id: element.action_id, block_id: block.block_id ?? "", ...(value === undefined ? {} : { value }) });
  control.removeAttribute("aria-busy");
}

function drawButton(element, block, place) {
  const button = h("button", {
    type: "button",
    class: `button ${element.style ?? ""}`.trim(),
    "data-focus": focusName(element, block),
    "data-action-id": element.action_id,
    "aria-label": element.accessibility_label,
    title: element.url,
    click: () => press(button, element, block, place, element.value),
  }, plainText(element.text), element.url && h("span", { class: "opens", "aria-hidden": "true" }, "↗"));
  return button;
}

function drawOverflow(element, block, place) {
  const items = element.options.map((option) => h("button", {
    type: "button",
    class: "menu-item",
    click: (event) => {
      menu.open = false;
      const url = safeUrl(option.url ?? "");
      if (url) window.open(url, "_blank", "noopener,noreferrer");
      press(event.currentTarget, element, block, place, option.value);
    },
  }, plainText(option.text)));
  const summary = h("summary", { class: "button", "data-focus": focusName(element, block), "aria-label": "More actions" }, "⋯");
  const menu = h("details", { class: "overflow", "data-action-id": element.action_id }, summary, h("div", { class: "menu" }, items));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    event.preventDefault();
    menu.open = false;
    summary.focus();
  });
  return menu;
}

/** A press anywhere else closes an open menu. */
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.overflow[open]")) if (!menu.contains(event.target)) menu.open = false;
});

function drawSelect(element, block, place) {
  const select = drawOptions(element, {
    "data-focus": focusName(element, block),
    "aria-label": element.placeholder?.text ?? "Choose",
    change: () => press(select, element, block, place, select.value),
  });
  return select;
}

/** A static_select as a native select; the empty choice carries the placeholder. */
export function drawOptions(element, attributes) {
  const initial = element.initial_option?.value;
  const drawOption = (option) => h("option", { value: option.value, selected: option.value === initial }, plainText(option.text));
  const groups = element.option_groups?.map((group) => h("optgroup", { label: group.label.text }, group.options.map(drawOption)));
  return h("select", { class: "field-box", "data-action-id": element.action_id, ...attributes },
    h("option", { value: "" }, element.placeholder?.text ?? "Choose…"),
    groups ?? element.options.map(drawOption));
}

function drawUnknown(element, _block, place) {
  return h("span", { class: "unknown" }, element.alt_text ?? drawText(element.text, place.world), ` (no “${element.type}” on this page)`);
}
