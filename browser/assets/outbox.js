/**
 * What one has written to a room and the server has not stored yet. It is kept over reloads; its
 * keys make sending again safe, and what is found in the log is not sent again.
 */

import { fold } from "./names.js";
import * as store from "./store.js";
import { unique } from "./tab.js";

let latest = 0;

const keep = (item, changes) => store.keepSending(Object.assign(item, changes));

export class Outbox {
	constructor(room, { id, others }) {
		Object.assign(this, { room, id });
		this.items = store.sendings().filter((item) => fold(item.room) === fold(room) && !others.has(item.tab));
		for (const item of this.items) keep(item, { tab: id });
	}

	add(text) {
		latest = Math.max(latest + 1, Date.now());
		const item = { key: unique(), room: this.room, tab: this.id, text, at: latest };
		this.items.push(item);
		keep(item);
		return item;
	}

	next() {
		return this.items.find((item) => !item.failed);
	}

	find(key) {
		return this.items.find((item) => item.key === key);
	}

	/** Note, before it is sent, how it could be found in the log. */
	trying(item, { epoch, last, nick }) {
		keep(item, item.epoch ? { nick } : { nick, epoch, after: last });
	}

	failed(item, failed) {
		keep(item, { failed });
	}

	/** It is stored, or given up; what was tried after it cannot have a smaller number. */
	drop(item, id = 0) {
		this.items = this.items.filter((other) => other !== item);
		store.dropSending(item);
		for (const other of this.items) if (id > other.after) other.after = id;
	}

	claim({ id, ts, user, message }, epoch) {
		const later = (item) => (item.epoch === epoch ? id > item.after : ts > item.at - 60_000); // clocks differ
		return this.items.find((item) => item.nick === user && item.text === message && later(item));
	}
}
