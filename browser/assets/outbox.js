/**
 * What one has written to a room and the server has not stored yet. It is kept over reloads; a key
 * for each message makes sending it again safe, and what is found in the log is not sent again.
 */

import { fold } from "./names.js";
import * as store from "./store.js";
import { unique } from "./tab.js";

const KEY_HOLDS = 9 * 60_000; // ms in which the server knows a key, with some to spare
const SKEW = 60_000; // ms that clocks may differ

let latest = 0;

export class Outbox {
  #items = [];

  constructor(room, tab) {
    this.room = room;
    this.tab = tab;
  }

  /** Return what was left here by this tab, or by tabs that are no more. */
  restore(others) {
    for (const item of store.sendings()) {
      if (fold(item.room) === fold(this.room) && (item.tab === this.tab || !others.has(item.tab))) {
        item.orphan ||= item.tab !== this.tab;
        item.tab = this.tab;
        store.keepSending(item);
        this.#items.push(item);
      }
    }
    return this.#items;
  }

  add(text) {
    latest = Math.max(latest + 1, Date.now());
    const item = { key: unique(), room: this.room, tab: this.tab, text, at: latest, failed: "" };
    this.#items.push(item);
    store.keepSending(item);
    return item;
  }

  /** The next to be sent, or undefined. */
  next() {
    return this.#items.find((item) => !item.failed);
  }

  find(key) {
    return this.#items.find((item) => item.key === key);
  }

  /** Note, before it is sent, how it could be found in the log. */
  trying(item, { epoch, last, nick }) {
    if (!item.tried) Object.assign(item, { tried: Date.now(), epoch, after: last });
    item.nick = nick;
    store.keepSending(item);
  }

  failed(item, why) {
    item.failed = why;
    store.keepSending(item);
  }

  retry(item) {
    item.failed = "";
    item.orphan = false;
    store.keepSending(item);
  }

  /** It is stored, or given up. With its id, what was tried after it cannot have a smaller one. */
  drop(item, id = 0) {
    this.#items = this.#items.filter((other) => other !== item);
    store.dropSending(item);
    for (const other of this.#items) if (other.tried && id > other.after) other.after = id;
  }

  /** Return the item that a message in the log is; undefined if it is none of ours. */
  claim(message, epoch) {
    return this.#items.find(
      (item) =>
        item.tried &&
        item.nick === message.user &&
        item.text === message.message &&
        (item.epoch === epoch ? message.id > item.after : message.ts > item.at - SKEW),
    );
  }

  /**
   * Say what may have been stored, without our having seen it, as failed: another session's key is
   * not known, nor is an old one. `from` is the first message that was looked at.
   */
  doubt(resumed, epoch, from, why) {
    const doubtful = this.#items.filter(
      (item) =>
        item.tried &&
        !item.failed &&
        !(resumed && !item.orphan && Date.now() - item.tried < KEY_HOLDS) &&
        item.epoch === epoch &&
        item.after + 1 < from,
    );
    for (const item of doubtful) this.failed(item, why);
    return doubtful;
  }
}
