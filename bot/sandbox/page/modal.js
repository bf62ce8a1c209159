/** The modal that the bot has open for this person: drawn from the snapshot, sent back as values. */

import { drawBlocks } from "./blocks.js";
import { closeDialog, openDialog } from "./confirm.js";
import { h, keepFocus } from "./dom.js";
import { findMissing, readValues, showErrors } from "./inputs.js";
import { drawPlain } from "./text.js";

let shown = null;
const dismissed = new Set();

const titleOf = (text) => text?.text ?? text ?? "";

/**
 * Brings the modal to what the snapshot says: opens, redraws or closes it. What was typed stays where block and
 * action keep their ids. `slack` sends: {submit(view_id, values), close(view_id), click(view_id, action), upload(file)}.
 */
export function showView(view, world, slack) {
  if (shown && shown.id !== view?.id) takeAway();
  if (!view || dismissed.has(view.id)) return;
  const { errors = {}, ...content } = view;
  const signature = JSON.stringify(content);
  if (!shown) openView(view, signature, world, slack);
  else if (shown.signature !== signature) redrawView(view, signature, world, slack);
  if (JSON.stringify(errors) !== shown.errors) {
    shown.errors = JSON.stringify(errors);
    showErrors(shown.form, errors);
  }
}

function takeAway() {
  closeDialog(shown.dialog);
  shown = null;
}

function openView(view, signature, world, slack) {
  const dialog = h("dialog", { class: "dialog modal", "data-testid": "modal", "aria-modal": "true", "aria-labelledby": "modal-title" });
  const form = drawForm(view, {}, world, slack);
  dialog.append(form);
  shown = { id: view.id, signature, dialog, form, errors: "{}" };
  openDialog(dialog, () => dismiss(view.id, slack));
  (dialog.querySelector("[autofocus]") ?? dialog.querySelector(".dialog-body :is(input, select, textarea, button)"))?.focus();
}

function redrawView(view, signature, world, slack) {
  const form = drawForm(view, readValues(shown.form), world, slack);
  const old = shown.form;
  const body = form.querySelector(".dialog-body");
  const scroll = old.querySelector(".dialog-body").scrollTop;
  keepFocus(old, () => old.replaceWith(form), form);
  body.scrollTop = scroll;
  Object.assign(shown, { signature, form });
}

function drawForm(view, values, world, slack) {
  const click = (action) => slack.click(view.id, { ...action, values: readValues(shown.form) });
  const place = { world, values, errors: view.errors, click, upload: slack.upload, isTitled: true };
  const close = () => dismiss(view.id, slack);
  const submit = titleOf(view.submit);
  return h("form", {
    class: "dialog-form",
    novalidate: true,
    tabindex: "-1",
    submit: (event) => {
      event.preventDefault();
      if (submit) send(view.id, slack);
    },
  },
    h("header", { class: "dialog-head" },
      h("h2", { id: "modal-title" }, drawPlain(titleOf(view.title))),
      h("button", { type: "button", class: "button quiet", "aria-label": "Dismiss", click: close }, "✕")),
    h("div", { class: "dialog-body" }, drawBlocks(view.blocks, place)),
    h("div", { class: "dialog-foot" },
      h("p", { class: "error dialog-error", role: "alert" }),
      h("button", { type: "button", class: "button", "data-testid": "modal-close", click: close }, drawPlain(titleOf(view.close) || "Cancel")),
      submit && h("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, drawPlain(submit))));
}

async function send(viewId, slack) {
  const { form } = shown;
  const button = form.querySelector("[data-testid=modal-submit]");
  if (button.getAttribute("aria-busy") === "true") return;
  const missing = findMissing(form);
  showErrors(form, missing);
  if (Object.keys(missing).length > 0) return;
  button.setAttribute("aria-busy", "true");
  const answer = await slack.submit(viewId, readValues(form));
  button.removeAttribute("aria-busy");
  if (shown?.id !== viewId) return;
  showErrors(shown.form, answer.errors ?? {});
  const isUnexplained = !answer.ok && !answer.errors;
  shown.form.querySelector(".dialog-error").textContent = isUnexplained ? answer.error ?? "That did not work. Try again." : "";
}

/** Closes at once, and tells Slack. When that fails, the next snapshot shows the modal again. */
async function dismiss(viewId, slack) {
  dismissed.add(viewId);
  takeAway();
  const answer = await slack.close(viewId);
  if (!answer.ok) dismissed.delete(viewId);
}
