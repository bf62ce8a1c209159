/**
 * Slack's mrkdwn as a tree. Pure: a string in, plain objects out; text.js draws them.
 *
 *   {type: "text", text}  {type: "break"}  {type: "emoji", name}
 *   {type: "bold" | "italic" | "strike" | "code" | "pre" | "quote", children}
 *   {type: "link", url, label}  {type: "user" | "channel", id, label}  {type: "broadcast", name}
 *   {type: "date", timestamp, format, url, fallback}
 *
 * Inside of code only entities and <…> are read, as in Slack. `verbatim` turns off links made of bare URLs.
 */

const FORMATS = { "*": "bold", "_": "italic", "~": "strike" };
const BROADCASTS = new Set(["here", "channel", "everyone"]);
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

export const decodeEntities = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

export function parseMrkdwn(text, { verbatim = false } = {}) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(/```\n?([\s\S]+?)\n?```\n?/g)) {
    nodes.push(...parseLines(text.slice(end, match.index), verbatim));
    nodes.push({ type: "pre", children: parseInline(match[1], CODE_READERS) });
    end = match.index + match[0].length;
  }
  return [...nodes, ...parseLines(text.slice(end), verbatim)];
}

/** Text without code blocks: runs of quoted lines become quotes. */
function parseLines(text, verbatim) {
  if (!text) return [];
  const readers = verbatim ? TEXT_READERS : [...TEXT_READERS, readBareLink];
  const runs = [];
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>) ?/.exec(line);
    const last = runs.at(-1);
    const body = quoted ? line.slice(quoted[0].length) : line;
    if (last && last.quoted === Boolean(quoted)) last.lines.push(body);
    else runs.push({ quoted: Boolean(quoted), lines: [body] });
  }
  return runs.flatMap(({ quoted, lines }) => {
    const children = parseInline(lines.join("\n"), readers);
    return quoted ? [{ type: "quote", children }] : children;
  });
}

/** At each position the first reader that finds something takes it; else the character is text. */
function parseInline(text, readers) {
  const nodes = [];
  for (let at = 0; at < text.length;) {
    const found = firstFound(text, at, readers) ?? { node: { type: "text", text: text[at] }, length: 1 };
    const last = nodes.at(-1);
    if (found.node.type === "text" && last?.type === "text") last.text += found.node.text;
    else nodes.push(found.node);
    at += found.length;
  }
  return nodes;
}

function firstFound(text, at, readers) {
  for (const read of readers) {
    const found = read(text, at, readers);
    if (found) return found;
  }
  return null;
}

function match(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function readBreak(text, at) {
  return text[at] === "\n" ? { node: { type: "break" }, length: 1 } : null;
}

function readEntity(text, at) {
  const found = match(/&(?:amp|lt|gt);/y, text, at);
  return found && { node: { type: "text", text: ENTITIES[found[0]] }, length: found[0].length };
}

function readEmoji(text, at) {
  const found = match(/:([a-z0-9_+-]+):/y, text, at);
  return found && { node: { type: "emoji", name: found[1] }, length: found[0].length };
}

function readCode(text, at) {
  const found = match(/`([^`\n]+)`/y, text, at);
  return found && { node: { type: "code", children: parseInline(found[1], CODE_READERS) }, length: found[0].length };
}

function readFormat(text, at, readers) {
  const type = FORMATS[text[at]];
  if (!type || !opensAt(text, at)) return null;
  const end = findClosing(text, at);
  if (end < 0) return null;
  return { node: { type, children: parseInline(text.slice(at + 1, end), readers) }, length: end + 1 - at };
}

const isWord = (character) => character !== undefined && /[\p{L}\p{N}]/u.test(character);
const isSpace = (character) => character === undefined || /\s/.test(character);

function opensAt(text, at) {
  const mark = text[at];
  return !isWord(text[at - 1]) && text[at - 1] !== mark && text[at + 1] !== mark && !isSpace(text[at + 1]);
}

/** Where the format that opens at `at` ends, in the same line, skipping code and <…>; -1: nowhere. */
function findClosing(text, at) {
  const mark = text[at];
  for (let end = at + 1; end < text.length && text[end] !== "\n"; end += 1) {
    const skipped = match(/`[^`\n]+`|<[^<>\n]+>/y, text, end);
    if (skipped) end += skipped[0].length - 1;
    else if (text[end] === mark && !isSpace(text[end - 1]) && !isWord(text[end + 1]) && text[end + 1] !== mark) return end;
  }
  return -1;
}

function readBareLink(text, at) {
  if (isWord(text[at - 1])) return null;
  const found = match(/https?:\/\/[^\s<>|`]+/y, text, at);
  if (!found) return null;
  const raw = found[0].replace(/[.,;:!?)'"*_~]+$/, "");
  const url = safeUrl(decodeEntities(raw));
  return url && { node: { type: "link", url, label: decodeEntities(raw) }, length: raw.length };
}

/** <@U…>, <#C…|name>, <!here>, <!date^…|fallback>, <url|label>; what is none of them stays as it was written. */
function readToken(text, at) {
  const found = match(/<([^<>\n]+)>/y, text, at);
  if (!found) return null;
  const [target, ...rest] = found[1].split("|");
  const label = decodeEntities(rest.join("|"));
  const node = tokenNode(target, label) ?? { type: "text", text: decodeEntities(found[0]) };
  return { node, length: found[0].length };
}

function tokenNode(target, label) {
  if (/^@[UW]\w+$/.test(target)) return { type: "user", id: target.slice(1), label };
  if (/^#[CG]\w+$/.test(target)) return { type: "channel", id: target.slice(1), label };
  if (target.startsWith("!date^")) return dateNode(target, label);
  if (BROADCASTS.has(target.slice(1)) && target[0] === "!") return { type: "broadcast", name: target.slice(1) };
  if (target.startsWith("!subteam^")) return { type: "broadcast", name: label.replace(/^@/, "") || "group" };
  const url = safeUrl(decodeEntities(target));
  return url && { type: "link", url, label: label || decodeEntities(target) };
}

function dateNode(target, fallback) {
  const [, timestamp, format = "", link = ""] = target.split("^");
  const isDate = /^\d{1,12}$/.test(timestamp) && format; // more digits are no date in JavaScript
  if (!isDate) return { type: "text", text: fallback };
  return { type: "date", timestamp: Number(timestamp), format: decodeEntities(format), url: safeUrl(decodeEntities(link)), fallback };
}

/** The URL if a browser may open it from here, else null. */
export function safeUrl(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
  } catch {
    return null;
  }
}

const CODE_READERS = [readBreak, readEntity, readToken];
const TEXT_READERS = [readBreak, readEntity, readToken, readCode, readFormat, readEmoji];
