/** Files of a message, each a link that downloads it. */

import { h } from "./dom.js";

const UNITS = ["bytes", "kB", "MB"];

/** Pictures are shown too, with what they say as words where the bot gave any. */
export function drawFiles(files, world) {
  return files.map((file) => {
    const href = `/sandbox/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}?as=${encodeURIComponent(world.me)}`;
    return h("a", { class: "file", href, download: file.name, "data-testid": "file" },
      file.name.endsWith(".png")
        ? h("img", { class: "file-picture", src: href, alt: file.alt_txt ?? file.title })
        : h("span", { class: "file-mark", "aria-hidden": "true" }, "⤓"),
      h("span", { class: "file-main" },
        h("strong", { class: "file-title" }, file.title),
        h("span", { class: "file-facts" }, `${file.name} · ${sizeOf(file.size)}`)));
  });
}

/** `812 bytes`, `4.1 kB`, `2.3 MB` */
export function sizeOf(bytes) {
  let [size, unit] = [bytes, 0];
  while (size >= 1000 && unit < UNITS.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${unit && size < 100 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit]}`;
}
