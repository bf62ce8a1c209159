/** Files that somebody puts into a form: each goes to the local Slack at once, and the form is sent with its id. */

import { h } from "./dom.js";
import { sizeOf } from "./files.js";

/** What was sent, by id: {name, size}. A form that is drawn again knows its files by their ids alone. */
const sent = new Map();

/** A file_input: the choice of a file, and what was chosen. `details.typed` are the ids from before a redraw. */
export function drawFileInput(element, { id, described, typed, name, upload }) {
  const most = element.max_files ?? 10;
  const list = h("ul", { class: "upload-list", "aria-live": "polite" });
  const box = h("div", { class: "uploads", "data-files": JSON.stringify(typed ?? []) });
  const chooser = h("input", {
    type: "file",
    id,
    class: "file-chooser",
    "data-focus": name,
    "aria-describedby": described,
    accept: element.filetypes?.map((type) => `.${type}`).join(","),
    multiple: most > 1,
    change: () => take([...chooser.files], { box, list, upload, most }),
  });
  box.append(chooser, list);
  show(box, list);
  return box;
}

async function take(files, { box, list, upload, most }) {
  box.dataset.sending = "true";
  list.replaceChildren(h("li", {}, "Sending…"));
  const answers = await Promise.all(files.slice(0, most).map(async (file) => ({ file, ...(await upload(file)) })));
  delete box.dataset.sending;
  for (const { file, ok, id } of answers) if (ok) sent.set(id, { name: file.name, size: file.size });
  box.dataset.files = JSON.stringify(answers.filter(({ ok }) => ok).map(({ id }) => id));
  const failed = answers.filter(({ ok }) => !ok);
  show(box, list, failed.map(({ file, error }) => h("li", { class: "upload-error" }, `${file.name}: ${error ?? "it was not taken"}`)));
}

function show(box, list, more = []) {
  const lines = idsOf(box).map((id) => sent.get(id)).filter(Boolean);
  list.replaceChildren(...lines.map(({ name, size }) => h("li", { "data-testid": "upload" }, `${name} · ${sizeOf(size)}`)), ...more);
}

const boxOf = (field) => (field.matches(".uploads") ? field : field.querySelector(".uploads"));

/** The ids of the files in a field. */
export const idsOf = (field) => JSON.parse(boxOf(field)?.dataset.files ?? "[]");

/** Whether a file of this field is still under way. */
export const hasUploads = (field) => boxOf(field)?.dataset.sending === "true";
