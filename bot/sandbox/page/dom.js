/** Building and updating the DOM. Text from outside only ever becomes a text node, never markup. */

export const byId = (id) => document.getElementById(id);

/** Makes an element: functions become listeners, booleans are set or left out, empty children are dropped. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function setAttribute(element, name, value) {
  if (typeof value === "function") element.addEventListener(name, value);
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
}

const drawn = new WeakMap();

/**
 * Makes the children of `parent` those of `entries`: [{key, signature, draw(oldNode)}].
 * What has not changed stays the same node, so that focus, selection and scroll survive live updates.
 */
export function reconcile(parent, entries) {
  const before = drawn.get(parent) ?? new Map();
  const after = new Map();
  for (const { key, signature, draw } of entries) {
    const old = before.get(key);
    after.set(key, old?.signature === signature ? old : { signature, node: redraw(old?.node, draw) });
  }
  for (const [key, { node }] of before) if (!after.has(key)) node.remove();
  let cursor = parent.firstChild;
  for (const { node } of after.values()) {
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
  drawn.set(parent, after);
}

function redraw(old, draw) {
  const fresh = draw(old);
  if (old) keepFocus(old, () => old.replaceWith(fresh), fresh);
  return fresh;
}

/** Runs `change`, which replaces `old` by `fresh`; the focus goes to the control with the same data-focus, else to `fresh`. */
export function keepFocus(old, change, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const [start, end] = [focused?.selectionStart, focused?.selectionEnd];
  change();
  if (!focused) return;
  const name = focused.dataset.focus;
  const target = [...fresh.querySelectorAll("[data-focus]")].find((control) => name && control.dataset.focus === name) ?? fresh;
  target.focus({ preventScroll: true });
  if (typeof start === "number" && "selectionStart" in target) target.setSelectionRange(start, end);
}

let toastTimer = 0;

/** Says for some seconds that something went wrong. */
export function showToast(text) {
  const toast = byId("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.hidden = true; }, 6000);
}
