/** Slack's confirm dialog, and what every dialog of this page shares. */

import { byId, h } from "./dom.js";
import { drawPlain, drawText } from "./text.js";

/** Asks; resolves to whether the person said yes. Escape says no. */
export function confirmed(confirm, world) {
  return new Promise((resolve) => {
    const answer = (value) => () => {
      closeDialog(dialog);
      resolve(value);
    };
    const ok = h("button", { type: "button", class: `button ${confirm.style ?? "primary"}`, "data-testid": "confirm-ok", click: answer(true) },
      drawPlain(confirm.confirm?.text ?? "Yes"));
    const cancel = h("button", { type: "button", class: "button", "data-testid": "confirm-cancel", click: answer(false) },
      drawPlain(confirm.deny?.text ?? "Cancel"));
    const dialog = h("dialog", {
      class: "dialog confirm",
      "data-testid": "confirm-dialog",
      "aria-modal": "true",
      "aria-labelledby": "confirm-title",
      "aria-describedby": "confirm-text",
    },
      h("h2", { id: "confirm-title" }, drawPlain(confirm.title?.text ?? "Are you sure?")),
      h("div", { id: "confirm-text", class: "dialog-body text" }, drawText(confirm.text, world)),
      h("div", { class: "dialog-foot" }, cancel, ok));
    openDialog(dialog, answer(false));
    ok.focus();
  });
}

/** Shows a dialog on top; Tab stays inside of it, Escape calls `dismiss`. */
export function openDialog(dialog, dismiss) {
  dialog.returnTo = document.activeElement;
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    dismiss();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Tab") keepTabInside(event, dialog);
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** Takes a dialog away; the focus goes back where it was, or to the message box when that is gone. */
export function closeDialog(dialog) {
  dialog.close();
  dialog.remove();
  const target = dialog.returnTo?.isConnected && dialog.returnTo !== document.body ? dialog.returnTo : byId("message-box");
  target.focus();
}

function keepTabInside(event, dialog) {
  const stops = [...dialog.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((stop) => stop.checkVisibility());
  const [first, last] = [stops[0], stops.at(-1)];
  const leaves = document.activeElement === (event.shiftKey ? first : last);
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}
