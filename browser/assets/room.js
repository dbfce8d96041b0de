/** A room that one is in: its connection, its log, its people, and what is on its way to it. */

import { Connection, Lost } from "./connection.js";
import { Log } from "./log.js";
import { fold } from "./names.js";
import { Outbox } from "./outbox.js";
import * as store from "./store.js";
import { bdi, mentionOf } from "./text.js";
import * as words from "./words.js";

const PAGE = 150;

export class Room {
	people = [];
	unread = 0;
	mentions = 0;
	looking = false; // one looks at it now

	#heard = []; // messages that are not in the log yet
	#flushing = 0;
	#begun = false; // the log has had a page
	#ready = false; // it has the newest page
	#sending = false;
	#newStands = false; // the line above what is new is about what is unread

	constructor(name, { nick, tab, owner }) {
		Object.assign(this, { name, owner, token: `token:${tab.id}:` });
		this.log = new Log({
			loadEarlier: () => this.#loadEarlier(),
			reachedEnd: () => this.#seen(),
			tooLong: () => this.#loadNewest({}),
			retry: (key) => this.#fail(key, ""),
			edit: (key) => this.#edit(key),
		});
		this.connection = new Connection(name, nick, store.ofTab(this.token, name), {
			state: () => owner.changed(),
			token: (token) => store.keepOfTab(token, this.token, name),
			invalid: (text) => owner.invalid(this, text),
			entered: ({ users }) => this.#entered(users),
			ready: (how) => this.#arrived(how),
			said: (message) => this.#said(message),
			heard: (notice) => this.#heardOf(notice),
		});
		this.outbox = new Outbox(name, tab);
		for (const item of this.outbox.items) this.log.wait(item, nick);
		this.connection.open();
	}

	get nick() {
		return this.connection.nick || this.connection.wanted;
	}

	get state() {
		return this.connection.state;
	}

	is(name) {
		return fold(name) === fold(this.name);
	}

	leave() {
		this.connection.close();
		store.keepOfTab("", this.token, this.name);
	}

	#entered(users) {
		this.name = this.connection.room;
		this.people = users;
		this.log.mention = mentionOf(this.nick);
		this.owner.changed();
	}

	async #arrived(how) {
		if (how.recovered && this.#ready) {
			this.#flush();
			this.log.note("back", words.caughtUp(how.missed));
		} else await this.#loadNewest(how);
		this.wish(this.connection.wanted);
		this.#send();
		this.owner.changed();
	}

	async #loadNewest({ gap, renewed }) {
		this.#ready = false;
		try {
			const page = await this.connection.ask("history", { limit: PAGE });
			for (const message of page.messages) this.#claim(message);
			this.log.reset(page);
			if (gap) this.log.note("back", words.gone(gap, renewed));
			if (!this.#begun) this.#begin(page);
		} catch (error) {
			if (error instanceof Lost) return; // coming back begins anew
			this.log.note("back", error.message);
		}
		this.#ready = true;
		this.#flush();
	}

	#begin({ messages }) {
		const { epoch, last } = this.connection;
		const read = store.mark(this.name);
		this.#begun = true;
		this.#tellFallback();
		if (read.epoch === epoch) {
			const fresh = messages.filter(({ id, user }) => id > read.id && user !== this.nick);
			this.#count(fresh);
			if (messages[0]?.id > read.id + 1) this.unread = last - read.id;
			if (this.looking) this.log.shown(this.unread);
		} else this.#markRead();
		this.#seen();
	}

	#tellFallback() {
		const { wanted, nick } = this.connection;
		if (nick === wanted) return;
		this.log.note("aside", "The name ", bdi(wanted), " cannot be had here, so you are ", bdi(nick), ".");
		this.connection.wanted = nick;
	}

	async #loadEarlier() {
		try {
			this.log.earlier(await this.connection.ask("history", { before: this.log.first, limit: PAGE }));
		} catch {
			setTimeout(() => this.log.loaded(), 2000);
		}
	}

	#said(message) {
		this.#heard.push(message);
		this.#flushing ||= setTimeout(() => this.#flush(), 16);
	}

	#flush() {
		clearTimeout(this.#flushing);
		this.#flushing = 0;
		if (!this.#heard.length || !this.#ready) return;
		const heard = this.#heard.filter((message) => !this.#claim(message));
		this.#heard = [];
		const fresh = this.log.add(heard).filter(({ user }) => user !== this.nick);
		const called = fresh.findLast((message) => this.#calls(message));
		if (called) this.owner.mentioned(this, called);
		if (this.#seesAll()) this.#markRead();
		else this.#count(fresh);
		this.owner.changed();
	}

	#calls({ message }) {
		return message.search(this.log.mention) >= 0;
	}

	#claim(message) {
		const item = this.outbox.claim(message, this.connection.epoch);
		if (item) this.#stored(item, message);
		return item;
	}

	#stored(item, message) {
		this.outbox.drop(item, message.id);
		this.log.stored(item.key, message);
	}

	#count(fresh) {
		if (!fresh.length) return;
		if (!this.#newStands) this.log.markNew(fresh[0].id);
		this.#newStands = true;
		this.unread += fresh.length;
		this.mentions += fresh.filter((message) => this.#calls(message)).length;
	}

	#heardOf({ action, user, from_user: old, to_user: nick, users, reason, ...notice }) {
		this.#flush();
		if (action === "joined") {
			if (!this.people.includes(user)) this.people = [...this.people, user];
			this.log.tellPresence(bdi(user), " came in");
		} else if (action === "left") {
			this.people = this.people.filter((other) => other !== user);
			if (reason === "lost") this.log.note("shame", bdi(user), words.departure(reason));
			else this.log.tellPresence(bdi(user), words.departure(reason));
		} else if (action === "nick_changed") {
			this.#renamed(old, nick);
			this.log.tellPresence(bdi(old), " is now ", bdi(nick));
		} else if (action === "gap") this.log.note("back", words.gone(notice));
		else if (users) this.people = users;
		this.owner.changed();
	}

	#renamed(old, nick) {
		this.people = this.people.map((other) => (other === old ? nick : other));
	}

	#seesAll() {
		return this.#begun && this.looking && this.log.atEnd && !document.hidden;
	}

	#markRead() {
		store.keepMark(this.name, this.connection.epoch, this.connection.last);
	}

	look(looking) {
		if (looking && !this.looking) this.log.shown(this.unread);
		this.looking = looking;
		this.#seen();
	}

	#seen() {
		if (this.#seesAll()) {
			this.unread = this.mentions = 0;
			this.#newStands = false;
			this.#markRead();
		}
		this.owner.changed();
	}

	async rename(nick) {
		const old = this.nick;
		await this.connection.rename(nick);
		this.#renamed(old, nick);
		this.log.mention = mentionOf(nick);
		this.owner.changed();
	}

	async wish(nick) {
		this.connection.wanted = this.connection.asking = nick;
		if (this.state !== "open" || nick === this.nick) return;
		try {
			await this.rename(nick);
		} catch (error) {
			if (!(error instanceof Lost)) this.#tellFallback();
		}
	}

	say(text) {
		const item = this.outbox.add(text);
		this.log.unmarkNew();
		this.log.wait(item, this.nick);
		this.log.toEnd();
		this.#seen();
		this.#send();
	}

	/** Send what waits, one after the other, so that the order stays. */
	async #send() {
		if (this.#sending) return;
		this.#sending = true;
		try {
			for (let item; this.state === "open" && this.#ready && (item = this.outbox.next()); ) await this.#sendOne(item);
		} catch (error) {
			if (!(error instanceof Lost)) throw error;
		} finally {
			this.#sending = false;
		}
	}

	async #sendOne(item) {
		const { connection, nick } = this;
		this.outbox.trying(item, connection);
		try {
			const reply = await connection.ask("chat_message", { message: item.text, key: item.key });
			this.#flush();
			this.#stored(item, { ...reply, user: nick });
			if (this.#seesAll()) this.#markRead();
		} catch (error) {
			if (error instanceof Lost) throw error;
			this.#fail(item.key, error.message);
		}
	}

	#fail(key, why) {
		this.outbox.failed(this.outbox.find(key), why);
		this.log.pending(key, why);
		if (!why) this.#send();
	}

	#edit(key) {
		const item = this.outbox.find(key);
		this.owner.edit(this, item.text);
		this.outbox.drop(item);
		this.log.forget(key);
	}
}
