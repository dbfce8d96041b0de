/** The list of one's rooms, the way into another, and where it is busy. */

import { linkTo } from "./address.js";
import { fold } from "./names.js";
import { element } from "./text.js";
import * as words from "./words.js";

const list = document.getElementById("room-list");
const form = document.getElementById("join");
const input = document.getElementById("join-room");
const error = document.getElementById("join-error");
const busy = document.getElementById("busy");
const busyList = document.getElementById("busy-list");
const elsewhere = document.getElementById("elsewhere");
const items = new Map(); // room -> its item

/** `visit(name)` and `leave(room)` are told what one wants. */
export function listen({ visit, leave }) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = input.value.trim();
    say("");
    if (!name) return input.focus();
    input.value = "";
    visit(name);
  });
  busyList.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) visit(button.room);
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (event.target.closest(".leave")) leave(item.room);
    else if (event.target.closest("a") && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      visit(item.room.name);
    }
  });
}

/** Say what is wrong with the name of a room. */
export function say(text) {
  error.textContent = text;
}

/** Give back what was typed, to be put right. */
export function again(name, text) {
  input.value ||= name;
  say(text);
  input.focus();
}

export function show(rooms, active) {
  for (const [room, item] of items) {
    if (rooms.includes(room)) continue;
    item.remove();
    items.delete(room);
  }
  for (const room of rooms) {
    if (!items.has(room)) list.append(itemOf(room));
    update(items.get(room), room, room === active, rooms.length);
  }
  const others = rooms.filter((room) => room !== active);
  const unread = others.reduce((sum, room) => sum + room.unread, 0);
  elsewhere.hidden = !unread;
  elsewhere.textContent = words.count(unread);
  elsewhere.classList.toggle("meant", others.some((room) => room.mentions));
}

function itemOf(room) {
  const link = element("a", "", element("bdi"), element("span", "count"));
  const leave = element("button", "leave plain", "\u00D7");
  leave.type = "button";
  const item = element("li", "", link, leave);
  item.room = room;
  items.set(room, item);
  return item;
}

function update(item, room, active, total) {
  const link = item.firstElementChild;
  const [name, count] = link.children;
  if (name.textContent !== room.name) {
    name.textContent = room.name;
    link.href = linkTo(room.name);
    item.lastElementChild.setAttribute("aria-label", `Leave ${room.name}`);
  }
  if (active) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
  item.classList.toggle("off", room.state === "offline" || room.state === "elsewhere");
  count.classList.toggle("meant", room.mentions > 0);
  const unread = room.unread > 999 ? "999+" : words.count(room.unread);
  const text = room.unread ? (room.mentions ? `@ ${unread}` : unread) : "";
  if (count.textContent !== text) count.textContent = text;
  if (room.unread) {
    const meant = room.mentions ? `, ${words.many(room.mentions, "mention")}` : "";
    link.setAttribute("aria-label", `${room.name}, ${words.count(room.unread)} unread${meant}`);
  } else link.removeAttribute("aria-label");
  item.lastElementChild.hidden = total < 2;
}

/** Show where it is busy, but for the rooms one is in. */
export function showBusy(rooms, mine) {
  const known = new Set(mine.map((room) => fold(room.name)));
  const others = rooms.filter(({ room }) => !known.has(fold(room))).slice(0, 12);
  busy.hidden = !others.length;
  const shown = others.map(({ room, users }) => `${users} ${room}`).join("\n");
  if (busyList.shown === shown) return;
  busyList.shown = shown;
  busyList.replaceChildren(
    ...others.map(({ room, users }) => {
      const button = element("button", "plain", element("bdi", "", room), element("span", "", words.count(users)));
      button.type = "button";
      button.title = `${words.many(users, "person").replace("persons", "people")} there`;
      button.room = room;
      return element("li", "", button);
    }),
  );
}
