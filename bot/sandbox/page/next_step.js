/** What to do next, as a line above the message box: it changes with what this person sees. */

import { byId, h } from "./dom.js";

const FIRST = "/npmtrust github @acme/ui --repo acme/ui --file release.yml --reason \"drop tokens\"";

/** Lines to try, each until it was typed; the first is shown. */
export const IDEAS = [
  ["coverage", "See which packages are published without a token", "/npmtrust coverage @acme/*"],
  ["github @acme/*", "Ask for many packages at once; a preview comes first", "/npmtrust github @acme/* --file release.yml --reason \"drop tokens\""],
  ["", "See what waits for you, and which links were really sent to you", ""],
  ["bulk", "Ask for a list of packages, or for a CSV file", "/npmtrust bulk"],
  ["doctor", "Let npmtrust examine itself", "/npmtrust doctor"],
  ["policy", "See who may approve a package, and why", "/npmtrust policy @acme/ui"],
  ["watch", "Have a digest and alarms in this channel", "/npmtrust watch @acme/*"],
];
const LAST = { text: "Now let something go wrong: see “What if…” beside the messages, or type", line: "/npmtrust help" };

const elementsOf = (message) => message.blocks?.flatMap((block) => [...(block.elements ?? []), ...(block.accessory ? [block.accessory] : [])]) ?? [];
const labelsOf = (message) => elementsOf(message).map((element) => element.text?.text ?? "").filter(Boolean);
const textOf = (message) => [message.text, ...(message.blocks ?? []).flatMap((block) => [block.text?.text, ...(block.elements ?? []).map((element) => element.text)])].join("\n");
const findLast = (messages, test) => [...messages].reverse().find(test);

/**
 * Finds it: {text, line?, person?, channel?, home?}. A line goes into the message box, a person, a channel or the Home of
 * the app is gone to. `snapshot` is what the page shows, `typed` the lines of this tab, `here` the id of the channel
 * whose messages are seen; "": none, as in Home.
 */
export function findNext({ me, people, channels, messages, home }, typed, here) {
  const find = (id) => people.find((person) => person.id === id);
  const isBots = (message) => find(message.user)?.is_bot;
  const dm = channels.find((channel) => channel.kind === "dm");
  const direct = (messages[dm?.id] ?? []).filter(isBots);
  const shared = channels.filter((channel) => channel.kind === "channel").flatMap((channel) => (messages[channel.id] ?? []).filter(isBots));
  const offers = (words) => direct.some((message) => labelsOf(message).some((label) => label.startsWith(words)));
  const link = offers("Open ");
  if (link && dm.id !== here) return { text: "npmtrust sent you npm’s link:", channel: dm.id, label: "open the conversation" };
  if (link) return { text: "Open the link and use the security key there. It is simulated: a press is enough." };
  if (offers("Ask for ") && dm.id !== here) return { text: "The preview has come:", channel: dm.id, label: "look at it" };
  if (shared.length + direct.length === 0) return { text: "Begin with a request:", line: FIRST };
  const waiting = findLast(shared, (message) => !message.ephemeral && labelsOf(message).some((label) => /^(Approve|I maintain this)/.test(label)));
  return (waiting && decide(textOf(waiting), me, people)) ?? findIdea(typed, home ? "" : dm?.id);
}

/** Who has to act on a request that waits, by its own words: who may approve it, else who could link an account. */
function decide(text, me, people) {
  const all = (pattern) => [...text.matchAll(pattern)].map(([, found]) => found).join(" ");
  const approvers = all(/needs \d+ of ([^·\n]*)/gi);
  const names = all(/nobody can approve yet.*not linked: ([^\n]*)/gi).split(/[\s,·]+/).filter(Boolean);
  const able = people.filter((person) => approvers.includes(`<@${person.id}>`));
  const owners = able.length > 0 ? able : people.filter((person) => names.includes(person.npm_user));
  const owner = owners.find((person) => person.id === me) ?? owners[0];
  if (!owner) return null;
  if (owner.id === me) return { text: `A request waits for you: press “${able.length > 0 ? "Approve" : "I maintain this"}”.` };
  return { text: "The request waits for somebody who maintains the package:", person: owner.id, label: `be ${owner.real_name}` };
}

/** The first idea that was not followed yet; `home` is the app whose Home nobody has opened, if so. */
function findIdea(typed, home) {
  const idea = IDEAS.find(([words]) => (words ? !typed.some((line) => line.startsWith(`/npmtrust ${words}`)) : home));
  if (idea && !idea[0]) return { text: `${idea[1]}:`, home, label: "open Home" };
  return idea ? { text: `${idea[1]}:`, line: idea[2] } : LAST;
}

/** Shows it. `go` has what a press does: {line(text), person(id), channel(id), home(id)}. */
export function showNext(next, go) {
  const bar = byId("next-step");
  const signature = JSON.stringify(next);
  if (bar.dataset.signature === signature) return;
  bar.dataset.signature = signature;
  const [kind] = ["line", "person", "channel", "home"].filter((name) => next[name]);
  bar.replaceChildren(
    h("span", { class: "next-mark", "aria-hidden": "true" }, "→"),
    h("span", {}, next.text),
    ...(kind ? [h("button", { type: "button", class: "next-button", "data-focus": "next", click: () => go[kind](next[kind]) },
      kind === "line" ? h("code", {}, next.line) : next.label)] : []));
}
