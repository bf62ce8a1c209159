/** The message box: sending, slash command hints, history and drafts. */

import { byId, h } from "./dom.js";

const HISTORY_LENGTH = 50;
const MOST_ROWS = 8;

const box = byId("message-box");
const drafts = new Map();
/** Where we are: {person, channel, commands, send(text) -> Promise<{ok, error}>}. */
let here = { person: "", channel: "", commands: [], send: null };
/** How far back in the history the box is, and what stood in it before. */
let recall = { steps: 0, draft: "" };

export function startComposer() {
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  box.addEventListener("keydown", onKey);
  box.addEventListener("input", () => {
    recall = { steps: 0, draft: "" };
    refresh();
  });
}

/** Moves the box to a person and channel; what was typed elsewhere waits there. */
export function showComposer(person, channel, { label, commands, sendTo }) {
  const hasMoved = here.person !== person || here.channel !== channel;
  if (hasMoved) drafts.set(`${here.person} ${here.channel}`, box.value);
  here = { person, channel, commands, send: sendTo };
  box.placeholder = `Message ${label}`;
  box.setAttribute("aria-label", `Message ${label}`);
  if (!hasMoved) return;
  setText(drafts.get(`${person} ${channel}`) ?? "");
  showNote("");
}

/** Puts a line into the box, ready to be sent or changed. */
export function fillBox(text) {
  setText(text);
  box.focus();
}

function setText(text) {
  box.value = text;
  box.setSelectionRange(text.length, text.length);
  recall = { steps: 0, draft: "" };
  refresh();
}

function showNote(text) {
  byId("composer-note").textContent = text;
}

async function send() {
  const text = box.value.trim();
  if (!text || !here.send) return;
  const wrong = findUnknownCommand(text);
  showNote(wrong);
  if (wrong) return;
  const { person, channel } = here;
  remember(person, text);
  setText("");
  const answer = await here.send(text);
  if (answer.ok) return;
  showNote(answer.error ?? "That could not be sent.");
  const isStillHere = here.person === person && here.channel === channel;
  if (isStillHere && !box.value) setText(text);
}

function findUnknownCommand(text) {
  const [word] = text.split(/\s/, 1);
  if (!isCommandLike(word) || here.commands.some(({ command }) => command === word)) return "";
  return `${word} is not a valid command. Slack takes every message that starts with “/” as a command.`;
}

const isCommandLike = (word) => /^\/[a-z]/i.test(word);

/** The command and its text, or null for an ordinary message. */
export function splitCommand(text) {
  const [, command, rest] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  return command && isCommandLike(command) ? { command, text: rest } : null;
}

// History, per person, for as long as the tab lives

const historyKey = (person) => `history ${person}`;
const historyOf = (person) => JSON.parse(sessionStorage.getItem(historyKey(person)) ?? "[]");

/** All lines that were typed in this tab, by whomever. */
export const typedLines = () => Object.keys(sessionStorage).filter((key) => key.startsWith("history ")).flatMap((key) => JSON.parse(sessionStorage.getItem(key)));

function remember(person, text) {
  const lines = historyOf(person).filter((line) => line !== text);
  sessionStorage.setItem(historyKey(person), JSON.stringify([...lines, text].slice(-HISTORY_LENGTH)));
}

/** Goes back (+1) or forth (-1) in the history; tells whether there was somewhere to go. */
function recallLine(direction) {
  const lines = historyOf(here.person);
  const steps = recall.steps + direction;
  if (steps < 0 || steps > lines.length) return false;
  const draft = recall.steps === 0 ? box.value : recall.draft;
  setText(steps === 0 ? draft : lines[lines.length - steps]);
  recall = { steps, draft };
  return true;
}

// Keys and hints

function onKey(event) {
  if (event.isComposing) return;
  const before = box.value.slice(0, box.selectionStart);
  const after = box.value.slice(box.selectionEnd);
  const isPlain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
  const handled = isPlain && (
    (event.key === "Enter" && (send(), true)) ||
    (event.key === "ArrowUp" && !before.includes("\n") && recallLine(+1)) ||
    (event.key === "ArrowDown" && !after.includes("\n") && recallLine(-1)) ||
    (event.key === "Tab" && complete()) ||
    (event.key === "Escape" && hideHints()));
  if (handled) event.preventDefault();
}

/** The commands that the first word may become; once it is followed by a space, only itself. */
function matchingCommands() {
  const [word] = box.value.split(" ", 1);
  if (!word.startsWith("/")) return [];
  const isWhole = box.value.includes(" ");
  return here.commands.filter(({ command }) => (isWhole ? command === word : command.startsWith(word)));
}

function complete() {
  const [match] = matchingCommands();
  if (!match || box.value.includes(" ")) return false;
  setText(`${match.command} `);
  return true;
}

function hideHints() {
  const hints = byId("hints");
  const wasShown = !hints.hidden;
  hints.hidden = true;
  return wasShown;
}

function refresh() {
  box.rows = Math.min(MOST_ROWS, box.value.split("\n").length);
  const matches = matchingCommands();
  const hints = byId("hints");
  hints.hidden = matches.length === 0;
  hints.replaceChildren(...matches.map((match) => h("button", {
    type: "button",
    class: "hint-row",
    tabindex: "-1",
    click: () => fillBox(box.value.includes(" ") ? box.value : `${match.command} `),
  },
    h("span", { class: "hint-usage" }, h("strong", {}, match.command), " ", match.usage_hint),
    h("span", { class: "hint-description" }, match.description))));
}
