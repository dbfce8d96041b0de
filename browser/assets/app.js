/** The page: which rooms there are, which one is looked at, and what of them is shown. */

import { linkTo, roomHere } from "./address.js";
import * as composer from "./composer.js";
import { Refused } from "./connection.js";
import { anyNick, fold } from "./names.js";
import * as notify from "./notify.js";
import * as people from "./people.js";
import * as rename from "./rename.js";
import { Room } from "./room.js";
import * as list from "./rooms.js";
import * as store from "./store.js";
import { introduce } from "./tab.js";
import { element } from "./text.js";
import * as words from "./words.js";

const LOBBY = "default";
const LOOK_AROUND = 20_000; // ms between looks at where it is busy
const PATIENCE = 600; // ms that connecting may take before it is said

const heading = document.getElementById("room-name");
const stage = document.getElementById("stage");
const state = document.getElementById("state");
const toEnd = document.getElementById("to-end");

const rooms = [];
let active = null;
let tab = null;
let nick = "";
let painting = false;

// Rooms -------------------------------------------------------------------------------------------

const owner = {
  changed: () => paint(),
  mentioned: (room, message) => {
    if (!room.looking || document.hidden || !document.hasFocus()) notify.call(room, message, () => visit(room.name));
  },
  edit: (room, text) => {
    visit(room.name);
    composer.giveBack(text);
  },
  invalid: (room, text) => {
    drop(room);
    list.again(room.name, text);
    drawer("rooms", true);
  },
};

/** Enter a room, or return the one that one is in already. */
function enter(name) {
  let room = rooms.find((known) => known.is(name));
  if (!room) {
    room = new Room(name, { nick, tab, owner });
    rooms.push(room);
    store.addRoom(name);
  }
  return room;
}

/** Look at a room; `how` says what becomes of the address. */
function visit(name, how = "push") {
  const room = enter(name);
  if (room !== active) {
    active?.look(false);
    active?.log.element.remove();
    active = room;
    stage.prepend(room.log.element);
    composer.turnTo(room);
    store.keepLastRoom(room.name);
    if (how === "push") history.pushState(null, "", linkTo(room.name));
    paintNow();
  }
  room.look(true);
  drawer("rooms", false);
  if (matchMedia("(hover: hover)").matches) composer.focus();
}

function leave(room) {
  drop(room);
  composer.focus();
}

function drop(room) {
  room.leave();
  store.removeRoom(room.name);
  rooms.splice(rooms.indexOf(room), 1);
  if (room === active) visit((rooms[0] ?? { name: LOBBY }).name);
  paint();
}

/** Take a name in all rooms; return what is wrong with it, or "". */
async function takeName(wanted) {
  try {
    if (active.state === "open") await active.rename(wanted);
  } catch (error) {
    if (error instanceof Refused) return error.message;
  }
  nick = wanted;
  store.keepName(nick);
  store.keepOwnNick(nick);
  for (const room of rooms) if (room.nick !== nick) room.wish(nick);
  return "";
}

// What is shown -----------------------------------------------------------------------------------

function paint() {
  if (painting) return;
  painting = true;
  setTimeout(paintNow, 0);
}

function paintNow() {
  painting = false;
  if (!active) return;
  merge();
  if (heading.textContent !== active.name) heading.textContent = active.name;
  list.show(rooms, active);
  people.show(active.people, active.nick);
  rename.show(active.called);
  notify.title(active.name, rooms);
  toEnd.hidden = active.log.atEnd;
  const unread = active.unread ? `${words.many(active.unread, "new message")} ` : "To the end ";
  if (!toEnd.hidden && toEnd.textContent !== `${unread}\u2193`) toEnd.textContent = `${unread}\u2193`;
  paintState();
}

/** Two names may turn out to be one room. */
function merge() {
  for (const room of rooms) {
    const other = rooms.find((known) => known !== room && known.name === room.name);
    if (!other) continue;
    if (active === other) visit(room.name);
    other.connection.close();
    rooms.splice(rooms.indexOf(other), 1);
    return merge();
  }
}

let slow = 0;

function paintState() {
  const now = navigator.onLine === false && active.state !== "elsewhere" ? "offline" : active.state;
  if (state.dataset.state === now) return;
  state.dataset.state = now;
  clearTimeout(slow);
  document.body.classList.toggle("offline", now === "offline");
  if (now === "offline") {
    say("Offline. What you write is kept, and sent when you are back.", "Try now", () => active.connection.suspect());
  } else if (now === "elsewhere") {
    say("This conversation goes on in another tab.", "Take it back", () => active.connection.open());
  } else {
    state.replaceChildren();
    if (now === "connecting") slow = setTimeout(() => say("Connecting\u2026"), PATIENCE);
  }
}

function say(text, label, action) {
  state.replaceChildren(element("span", "", text));
  if (!label) return;
  const button = element("button", "plain", label);
  button.type = "button";
  button.onclick = action;
  state.append(button);
}

/** Open or close a side that has no room of its own on a small screen. */
function drawer(side, open) {
  const toggle = document.getElementById(`${side}-toggle`);
  document.body.classList.toggle(`${side}-open`, open);
  toggle.setAttribute("aria-expanded", String(open));
}

function listenToSides() {
  const isOpen = (side) => document.body.classList.contains(`${side}-open`);
  for (const side of ["rooms", "people"]) {
    const other = side === "rooms" ? "people" : "rooms";
    document.getElementById(`${side}-toggle`).addEventListener("click", () => {
      drawer(other, false);
      drawer(side, !isOpen(side));
      if (isOpen(side)) document.querySelector(`#${side} a, #${side} [tabindex]`)?.focus();
    });
  }
  stage.addEventListener("click", () => ["rooms", "people"].forEach((side) => drawer(side, false)));
  document.addEventListener("keydown", (event) => {
    const open = ["rooms", "people"].find(isOpen);
    if (event.key === "Escape" && open) {
      drawer(open, false);
      document.getElementById(`${open}-toggle`).focus();
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const step = event.key === "ArrowUp" ? rooms.length - 1 : 1;
      visit(rooms[(rooms.indexOf(active) + step) % rooms.length].name);
    }
  });
}

// Beginning ---------------------------------------------------------------------------------------

async function lookAround() {
  try {
    if (!document.hidden && active.state === "open") {
      list.showBusy((await active.connection.ask("room_list")).rooms, rooms);
    }
  } catch {
    // there will be another look
  }
}

function listen() {
  list.listen({ visit, leave });
  composer.listen({ say: (text) => active.say(text) });
  rename.listen({ rename: takeName });
  notify.listen();
  listenToSides();
  toEnd.addEventListener("click", () => {
    active.log.toEnd();
    active.look(true);
    composer.focus();
  });
  addEventListener("popstate", () => visit(roomHere() ?? LOBBY, "stay"));
  addEventListener("offline", paintState);
  addEventListener("online", () => {
    paintState();
    for (const room of rooms) room.connection.suspect();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    active.look(true);
    lookAround();
    for (const room of rooms) if (room.state === "offline") room.connection.suspect();
  });
  setInterval(lookAround, LOOK_AROUND);
}

async function begin() {
  const asked = roomHere();
  heading.textContent = asked ?? (store.lastRoom() || LOBBY);
  tab = await introduce();
  if (tab.copied) for (const name of store.rooms()) store.keepToken(name, "");
  nick = (!tab.copied && store.ownNick()) || store.name() || anyNick();
  if (!tab.copied) store.keepOwnNick(nick);
  const alone = tab.others.size === 0;
  const remembered = alone ? store.rooms() : [];
  const first = asked ?? (remembered.find((name) => fold(name) === fold(store.lastRoom())) || remembered[0] || LOBBY);
  // what was begun to be sent is sent, also to rooms that are not among the remembered
  const sending = store.sendings().filter((item) => item.tab === tab.id || alone).map((item) => item.room);
  listen();
  visit(first, "stay");
  for (const name of [...remembered, ...sending]) enter(name);
  setTimeout(lookAround, 500);
}

begin();
