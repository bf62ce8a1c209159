/** The page: which person looks at which channel, drawn anew at every snapshot. */

import { fillBox, showComposer, splitCommand, startComposer, typedLines } from "./composer.js";
import { post, sendFile, subscribe } from "./connection.js";
import { byId, showToast } from "./dom.js";
import { chooseHome, isHomeSeen, showHome } from "./home.js";
import { followNewest, showMessages } from "./messages.js";
import { showView } from "./modal.js";
import { findNext, showNext } from "./next_step.js";
import { showPanel } from "./panel.js";
import { nameOfChannel, showChannels, showPeople } from "./sidebar.js";
import { startToggles } from "./toggles.js";
import { showWelcome } from "./welcome.js";
import { showAftermath, showWorld } from "./world.js";

const address = new URLSearchParams(location.search);

let person = address.get("as") ?? "";
let channelId = address.get("in") ?? "";
let snapshot = null;
let drawnChannel = "";
let unsubscribe = () => {};
const toggles = startToggles();

// Going somewhere

function connect() {
  unsubscribe();
  unsubscribe = subscribe(person, {
    onConnected: (isConnected) => { byId("connection").hidden = isConnected; },
    onSnapshot: (fresh) => {
      snapshot = fresh;
      person = fresh.me;
      draw();
    },
  });
}

function choosePerson(id) {
  if (id === person) return;
  sessionStorage.setItem(`channel ${person}`, channelId);
  person = id;
  channelId = sessionStorage.getItem(`channel ${id}`) ?? (isShared(channelId) ? channelId : "");
  connect();
}

const isShared = (id) => snapshot?.channels.some((channel) => channel.id === id && channel.kind === "channel");

function chooseChannel(id) {
  channelId = id;
  draw();
  toggles.closeChannels();
  byId("message-box").focus();
}

/** Opens one tab of the conversation with the app. */
function openApp(id, isHome) {
  chooseHome(isHome);
  chooseChannel(id);
  if (isHome) byId("tabs").querySelector("[aria-selected=true]").focus();
}

/** Puts a line into the message box, which a phone's panel and Home leave no room for. */
function pickLine(line) {
  chooseHome(false);
  draw();
  toggles.closePanel();
  fillBox(line);
}

function showAddress() {
  const wanted = `?${new URLSearchParams({ as: person, in: channelId })}`;
  if (location.search !== wanted) history.replaceState(null, "", wanted);
}

// Telling Slack

const tell = (path, body) => report(post(`/sandbox/${path}`, { as: person, ...body }));
const turn = (part, on) => change(`${part} ${on ? "on" : "off"}`, "world", { switch: part, on });
const act = (deed) => change(deed, "deed", { deed });

/** Does something to the world, and says what follows. */
async function change(name, path, body) {
  const answer = await report(post(`/sandbox/${path}`, body));
  if (answer.ok) showAftermath(name, pickLine);
}

/** Shows what went wrong, if something did and the answer does not belong to single fields. */
async function report(posted) {
  const answer = await posted;
  if (!answer.ok && !answer.errors) showToast(answer.error ?? "Slack did not take that.");
  return answer;
}

/** Sends what was typed; the message box itself says what went wrong. */
function send(text) {
  const command = splitCommand(text);
  const body = { as: person, channel: channelId, ...(command ?? { text }) };
  return post(command ? "/sandbox/command" : "/sandbox/message", body);
}

const slack = {
  click: (viewId, action) => tell("click", { channel: channelId, ts: "", view_id: viewId, ...action }),
  submit: (viewId, values) => post("/sandbox/submit", { as: person, view_id: viewId, values }),
  close: (viewId) => tell("close", { view_id: viewId }),
  upload: (file) => sendFile(`/sandbox/upload?${new URLSearchParams({ as: person, name: file.name })}`, file),
};

/** Marks the channel as read once per newest message, while somebody can see it. */
let lastRead = "";
function markRead(channel, messages) {
  const mark = `${person} ${channel.id} ${messages.length}`;
  if (!channel.unread || document.hidden || mark === lastRead) return;
  lastRead = mark;
  post("/sandbox/read", { as: person, channel: channel.id });
}

// Drawing

function worldOf({ me, people, channels }) {
  const find = (id) => people.find((one) => one.id === id);
  return {
    me,
    nameOf: (id) => find(id)?.real_name || find(id)?.name || "",
    isBot: (id) => Boolean(find(id)?.is_bot),
    channelName: (id) => channels.find((one) => one.id === id)?.name ?? "",
  };
}

function draw() {
  const world = worldOf(snapshot);
  showWorld(snapshot.world ?? {}, { turn, act });
  const channel = snapshot.channels.find((one) => one.id === channelId) ?? snapshot.channels[0];
  channelId = channel.id;
  showAddress();
  showPeople(snapshot.people, person, choosePerson);
  showChannels(snapshot.channels, channelId, world, chooseChannel);
  drawConversation(channel, world);
  showHome(channel, snapshot.home, world, { open: () => tell("home", {}), click: slack.click, redraw: draw });
  showPanel(snapshot.registry ?? {}, snapshot.health ?? {}, turn);
  showNext(findNext(snapshot, typedLines(), isHomeSeen() ? "" : channelId), {
    line: pickLine,
    person: choosePerson,
    channel: (id) => openApp(id, false),
    home: (id) => openApp(id, true),
  });
  showView(snapshot.view, world, slack);
}

function drawConversation(channel, world) {
  const label = `${channel.kind === "dm" ? "" : "#"}${nameOfChannel(channel, world)}`;
  const messages = snapshot.messages[channelId] ?? [];
  byId("channel-title").textContent = label;
  showComposer(person, channelId, { label, commands: snapshot.commands ?? [], sendTo: send });
  showWelcome(channel, messages.length === 0, fillBox);
  showMessages(messages, world, {
    click: (message, action) => tell("click", { channel: channelId, ts: message.ts, ...action }),
    isNewChannel: drawnChannel !== `${person} ${channelId}`,
  });
  drawnChannel = `${person} ${channelId}`;
  markRead(channel, messages);
}

// Keys: Alt+1 to Alt+9 choose a person

document.addEventListener("keydown", (event) => {
  const digit = event.altKey && !event.ctrlKey && /^Digit([1-9])$/.exec(event.code);
  const chosen = digit && snapshot?.people.filter((one) => !one.is_bot)[digit[1] - 1];
  if (!chosen) return;
  event.preventDefault();
  choosePerson(chosen.id);
});
document.addEventListener("visibilitychange", () => { if (snapshot) draw(); });

/** Who looks when the address names nobody, or somebody whom this workspace does not know. */
async function findPerson() {
  const isKnown = person && (await fetch(`/sandbox/state?as=${encodeURIComponent(person)}`).catch(() => ({ status: 0 }))).status !== 404;
  return isKnown ? person : document.body.dataset.firstPerson;
}

startComposer();
followNewest();
byId("message-box").focus();
person = await findPerson();
connect();
