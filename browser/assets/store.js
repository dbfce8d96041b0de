/** What the browser remembers; without storage, for as long as the page lives. */

import { scope } from "./address.js";
import { fold } from "./names.js";

const spare = new Map();

function read(storage, key, fits, otherwise) {
  try {
    const text = storage().getItem(scope + key);
    const value = text === null ? otherwise : JSON.parse(text);
    return fits(value) ? value : otherwise;
  } catch {
    return spare.get(key) ?? otherwise;
  }
}

function write(storage, key, value) {
  try {
    if (value === null) storage().removeItem(scope + key);
    else storage().setItem(scope + key, JSON.stringify(value));
    spare.delete(key);
  } catch {
    spare.set(key, value);
  }
}

const lasting = () => localStorage;
const ofTab = () => sessionStorage;
const isText = (value) => typeof value === "string";
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isThing = (value) => value !== null && typeof value === "object";

/** The name that the person chose, or "". */
export const name = () => read(lasting, "name", isText, "");
export const keepName = (nick) => write(lasting, "name", nick);

/** The rooms the person is in, in the order of joining. */
export const rooms = () => read(lasting, "rooms", isTexts, []);
export function addRoom(room) {
  if (!rooms().some((known) => fold(known) === fold(room))) write(lasting, "rooms", [...rooms(), room]);
}
export function removeRoom(room) {
  write(lasting, "rooms", rooms().filter((known) => fold(known) !== fold(room)));
  for (const kind of ["draft", "read"]) write(lasting, `${kind}:${fold(room)}`, null);
}

/** The room that was looked at last, or "". */
export const lastRoom = () => read(lasting, "last", isText, "");
export const keepLastRoom = (room) => write(lasting, "last", room);

/** What was begun to be written in a room. */
export const draft = (room) => read(lasting, `draft:${fold(room)}`, isText, "");
export const keepDraft = (room, text) => write(lasting, `draft:${fold(room)}`, text || null);

/** Up to where a room was read: {epoch, id}, or null. */
export const readMark = (room) => read(lasting, `read:${fold(room)}`, isThing, null);
export const keepReadMark = (room, epoch, id) => write(lasting, `read:${fold(room)}`, { epoch, id });

/** Whether an option is on. */
export const option = (which) => read(lasting, `option:${which}`, (value) => value === true, false);
export const keepOption = (which, on) => write(lasting, `option:${which}`, on);

/** This tab's own: its id, its nick, and a session's token a room. */
export const ownId = () => read(ofTab, "tab", isText, "");
export const keepOwnId = (id) => write(ofTab, "tab", id);
export const ownNick = () => read(ofTab, "nick", isText, "");
export const keepOwnNick = (nick) => write(ofTab, "nick", nick);
export const token = (room) => read(ofTab, `token:${fold(room)}`, isText, "");
export const keepToken = (room, value) => write(ofTab, `token:${fold(room)}`, value || null);

/** What is on its way, a key each, so that tabs do not overwrite one another. */
export const keepSending = (item) => write(lasting, `out:${item.key}`, item);
export const dropSending = (item) => write(lasting, `out:${item.key}`, null);
export function sendings() {
  const prefix = `${scope}out:`;
  const found = [];
  try {
    for (let index = 0; index < localStorage.length; index++) {
      const key = localStorage.key(index);
      if (key.startsWith(prefix)) found.push(read(lasting, key.slice(scope.length), isThing, null));
    }
  } catch {
    return [];
  }
  return found.filter((item) => item && isText(item.text) && isText(item.room)).sort((a, b) => a.at - b.at);
}
