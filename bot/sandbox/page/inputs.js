/** Input blocks of modals: drawing them, reading what was typed, and checking it as Slack does before it is sent. */

import { drawOptions, optionsOf } from "./controls.js";
import { h } from "./dom.js";
import { drawFileInput, hasUploads, idsOf } from "./uploads.js";
import { drawPlain, drawText } from "./text.js";

/** Inputs of which several options can be chosen. */
const LISTS = new Set(["checkboxes", "multi_static_select"]);
const REQUIRED = "Please complete this required field.";

let fieldCount = 0;

/** A labelled field. `place.values` (what was typed before a redraw) wins over the element's initial value. */
export function drawInput(block, place) {
  const { element } = block;
  const id = `field-${(fieldCount += 1)}`;
  const typed = place.values?.[block.block_id]?.[element.action_id];
  const isGroup = LISTS.has(element.type) || element.type === "radio_buttons";
  const label = [drawPlain(block.label.text), block.optional && h("span", { class: "optional" }, " (optional)")];
  const described = `${id}-hint ${id}-error`;
  const field = h(isGroup ? "fieldset" : "div", {
    class: "block field",
    "data-block-id": block.block_id,
    "data-action-id": element.action_id,
    "data-kind": element.type,
    "data-optional": Boolean(block.optional),
    "aria-describedby": isGroup ? described : null,
  },
    isGroup ? h("legend", {}, label) : h("label", { for: id }, label),
    (DRAW[element.type] ?? drawUnsupported)(element, { id, described, typed, name: `${block.block_id}/${element.action_id}`, world: place.world, upload: place.upload }),
    block.hint && h("p", { id: `${id}-hint`, class: "hint" }, drawPlain(block.hint.text)),
    h("p", { id: `${id}-error`, class: "error", hidden: true }));
  showError(field, place.errors?.[block.block_id]);
  return field;
}

const DRAW = {
  plain_text_input: drawTextInput,
  static_select: (element, { id, described, typed, name }) => {
    const select = drawOptions(element, { id, "data-focus": name, "aria-describedby": described });
    if (typed !== undefined) select.value = typed ?? "";
    return select;
  },
  checkboxes: drawCheckboxes,
  multi_static_select: drawCheckboxes,
  file_input: drawFileInput,
  radio_buttons: (element, details) => drawChoices(element, "radio", details, [details.typed ?? element.initial_option?.value]),
};

function drawTextInput(element, { id, described, typed, name }) {
  const attributes = {
    id,
    class: "field-box",
    "data-focus": name,
    "aria-describedby": described,
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    autocomplete: "off",
    spellcheck: "false",
    autofocus: element.focus_on_load,
  };
  const control = element.multiline ? h("textarea", { rows: 4, ...attributes }) : h("input", { type: "text", ...attributes });
  control.value = typed === undefined ? element.initial_value ?? "" : typed ?? "";
  return control;
}

function drawCheckboxes(element, details) {
  const initial = (element.initial_options ?? []).map((option) => option.value);
  return drawChoices(element, "checkbox", details, details.typed ?? initial);
}

function drawChoices(element, type, { id, name, world }, chosen) {
  return optionsOf(element).map((option, index) => h("label", { class: "choice" },
    h("input", {
      type,
      name: id,
      value: option.value,
      checked: chosen.includes(option.value),
      "data-focus": `${name}/${index}`,
    }),
    h("span", {}, drawText(option.text, world),
      option.description && h("span", { class: "choice-description" }, drawText(option.description, world)))));
}

function drawUnsupported(element) {
  return h("p", { class: "unknown" }, `This page cannot draw an input of type “${element.type}”.`);
}

const fieldsOf = (form) => [...form.querySelectorAll(".field")];

/** What stands in the fields: {block_id: {action_id: value}}; an empty text or choice is null, several choices are a list. */
export function readValues(form) {
  const values = {};
  for (const field of fieldsOf(form)) {
    values[field.dataset.blockId] = { [field.dataset.actionId]: readField(field) };
  }
  return values;
}

function readField(field) {
  if (field.dataset.kind === "file_input") return idsOf(field);
  const chosen = [...field.querySelectorAll("input:checked")].map((input) => input.value);
  if (LISTS.has(field.dataset.kind)) return chosen;
  if (field.dataset.kind === "radio_buttons") return chosen[0] ?? null;
  return field.querySelector(".field-box")?.value || null;
}

/** Errors of required fields that are empty, and of files that are still under way, as Slack shows them without asking the bot. */
export function findMissing(form) {
  const isEmpty = (field) => {
    const value = readField(field);
    return value === null || value.length === 0;
  };
  const missing = fieldsOf(form).filter((field) => field.dataset.optional === undefined && isEmpty(field));
  const sent = fieldsOf(form).filter(hasUploads);
  return Object.fromEntries([
    ...missing.map((field) => [field.dataset.blockId, REQUIRED]),
    ...sent.map((field) => [field.dataset.blockId, "The file is still being sent."]),
  ]);
}

/** Shows {block_id: text} at its fields and takes the other errors away; the first bad field gets the focus. */
export function showErrors(form, errors) {
  const fields = fieldsOf(form);
  for (const field of fields) showError(field, errors[field.dataset.blockId]);
  fields.find((field) => errors[field.dataset.blockId])?.querySelector("input, select, textarea")?.focus();
}

function showError(field, text) {
  const note = field.querySelector(".error");
  note.textContent = text ?? "";
  note.hidden = !text;
  for (const control of field.querySelectorAll("input, select, textarea")) {
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}
