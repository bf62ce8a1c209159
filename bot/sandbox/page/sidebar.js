/** Who you are, and the channels and direct messages to choose from. */

import { byId, h, reconcile } from "./dom.js";
import { drawAvatar } from "./messages.js";

/** The switch of people: links, so that a second person can be opened in another tab. */
export function showPeople(people, me, choose) {
  reconcile(byId("people"), people.filter((person) => !person.is_bot).map((person, index) => ({
    key: person.id,
    signature: JSON.stringify([person, person.id === me, index]),
    draw: () => drawPerson(person, person.id === me, index + 1, choose),
  })));
}

function drawPerson(person, isMe, number, choose) {
  const name = person.real_name || person.name;
  return h("li", {}, h("a", {
    href: `?as=${encodeURIComponent(person.id)}`,
    class: "person",
    "data-testid": `person-${person.id}`,
    "data-focus": person.id,
    "aria-current": isMe ? "true" : null,
    title: `${name}: ${person.title}; npm user ${person.npm_user || "none"} (Alt+${number}; Ctrl-click for a tab of their own)`,
    click: (event) => plainClick(event, () => choose(person.id)),
  },
    drawAvatar(person.id, name),
    h("span", { class: "person-name" }, name),
    h("span", { class: "person-title" }, person.title)));
}

export function showChannels(channels, current, world, choose) {
  const entriesOf = (kind) => channels.filter((channel) => channel.kind === kind).map((channel) => ({
    key: channel.id,
    signature: JSON.stringify([channel, channel.id === current, world.me]),
    draw: () => drawChannel(channel, channel.id === current, world, choose),
  }));
  reconcile(byId("channels"), entriesOf("channel"));
  reconcile(byId("dms"), entriesOf("dm"));
}

function drawChannel(channel, isCurrent, world, choose) {
  const name = nameOfChannel(channel, world);
  return h("li", {}, h("a", {
    href: `?as=${encodeURIComponent(world.me)}&in=${encodeURIComponent(channel.id)}`,
    class: channel.unread ? "channel unread" : "channel",
    "data-testid": `channel-${channel.id}`,
    "data-focus": channel.id,
    "aria-current": isCurrent ? "page" : null,
    click: (event) => plainClick(event, () => choose(channel.id)),
  },
    channel.kind === "dm" ? drawAvatar(channel.with, name) : h("span", { class: "hash", "aria-hidden": "true" }, "#"),
    h("span", { class: "channel-name" }, name),
    channel.unread > 0 && h("span", { class: "unread-badge", "aria-label": `${channel.unread} unread` }, String(channel.unread))));
}

export function nameOfChannel(channel, world) {
  return channel.kind === "dm" ? world.nameOf(channel.with) || channel.name : channel.name;
}

/** A click with a modifier is the browser's: it opens a tab. */
function plainClick(event, act) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  act();
}
