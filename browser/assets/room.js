/** A room that one is in: its connection, its log, its people, and what is on its way to it. */

import { Connection, Lost } from "./connection.js";
import { fold } from "./names.js";
import { Log } from "./log.js";
import { Outbox } from "./outbox.js";
import * as store from "./store.js";
import { element, mentionOf } from "./text.js";
import * as words from "./words.js";

const FIRST_PAGE = 80;
const PAGE = 150;
const UNSURE = "It may have been stored before the line was lost.";

export class Room {
  people = [];
  unread = 0;
  mentions = 0;
  looking = false; // one looks at it now

  #heard = []; // messages that are not in the log yet
  #flushing = 0;
  #begun = false; // the log has been there
  #ready = false; // the log has its newest page
  #sending = false;
  #wished = ""; // a nick that is still to be taken
  #mention = /(?!)/gu;
  #newStands = false; // the line above what is new is still about what is unread

  /** `owner` is told: changed(room), mentioned(room, message), invalid(room, text), edit(room, text). */
  constructor(name, { nick, tab, owner }) {
    this.name = name;
    this.owner = owner;
    this.outbox = new Outbox(name, tab.id);
    this.log = new Log({
      loadEarlier: () => this.#loadEarlier(),
      reachedEnd: () => this.#seen(),
      retry: (key) => this.#retry(key),
      edit: (key) => this.#edit(key),
    });
    this.log.standOut(this.#mention);
    this.connection = new Connection(name, nick, store.token(name), {
      state: () => this.#changed(),
      token: (token) => store.keepToken(this.name, token),
      invalid: (text) => this.owner.invalid(this, text),
      entered: (how) => this.#entered(how),
      ready: (how) => this.#arrived(how),
      said: (message) => this.#said(message),
      heard: (notice) => this.#heardOf(notice),
    });
    for (const item of this.outbox.restore(tab.others)) {
      this.log.wait(item, nick);
      if (item.failed) this.log.failed(item.key, item.failed);
    }
    this.connection.open();
  }

  get nick() {
    return this.connection.nick || this.connection.wanted;
  }

  /** What one is called, or will be. */
  get called() {
    return this.#wished || this.nick;
  }

  get state() {
    return this.connection.state;
  }

  #changed() {
    this.owner.changed(this);
  }

  leave() {
    this.connection.close();
    store.keepToken(this.name, "");
  }

  // Entering ------------------------------------------------------------------------------------

  #entered({ users }) {
    this.name = this.connection.room;
    this.people = users;
    this.#takeNick();
    this.#changed();
  }

  async #arrived(how) {
    this.#takeWished();
    if (how.returned && how.recovered && this.#ready) {
      this.#flush();
      this.log.note("back", words.caughtUp(how.missed));
      this.#send();
    } else {
      await this.#loadNewest(how);
    }
    this.#changed();
  }

  /** Begin with the newest page of the log. */
  async #loadNewest(how) {
    let page;
    const first = !this.#begun;
    this.#ready = false;
    try {
      page = await this.connection.ask("history", { limit: FIRST_PAGE });
    } catch (error) {
      if (error instanceof Lost) return; // coming back begins anew
      this.log.note("back", error.message);
      this.#ready = true;
      this.#flush();
      this.#send();
      return;
    }
    const { epoch } = this.connection;
    for (const message of page.messages) this.#claim(message);
    this.log.reset(page);
    this.#ready = this.#begun = true;
    if (how.gap) this.log.note("back", words.gone(how.gap, how.renewed));
    if (first) {
      this.#countUnread(page, epoch);
      this.#tellFallback();
    }
    for (const item of this.outbox.doubt(how.resumed, epoch, this.log.first || 1, UNSURE)) {
      this.log.failed(item.key, UNSURE);
    }
    this.#flush();
    this.#send();
  }

  #countUnread({ messages }, epoch) {
    const mark = store.readMark(this.name);
    if (mark?.epoch !== epoch) {
      this.#markRead();
      return;
    }
    const unread = messages.filter(({ id, user }) => id > mark.id && user !== this.nick);
    this.unread = unread.length && Math.max(unread.length, this.connection.last - mark.id);
    this.mentions = unread.filter(({ message }) => message.search(this.#mention) >= 0).length;
    if (unread.length) {
      this.log.markNew(unread[0].id);
      this.#newStands = true;
      if (this.looking) this.log.shown(true);
    }
    this.#seen();
    this.#changed();
  }

  #tellFallback() {
    const { wanted, nick } = this.connection;
    if (nick !== wanted) this.log.note("aside", words.taken(wanted), element("bdi", "", nick), ".");
  }

  async #loadEarlier() {
    try {
      this.log.earlier(await this.connection.ask("history", { before: this.log.first, limit: PAGE }));
    } catch {
      setTimeout(() => this.log.notEarlier(), 1000);
    }
  }

  // What happens there --------------------------------------------------------------------------

  #said(message) {
    this.#heard.push(message);
    if (!this.#flushing) this.#flushing = setTimeout(() => this.#flush(), 16);
  }

  /** Put into the log what was heard since the last time. */
  #flush() {
    clearTimeout(this.#flushing);
    this.#flushing = 0;
    if (!this.#heard.length || !this.#ready) return;
    const heard = this.#heard.filter((message) => !this.#claim(message));
    this.#heard = [];
    const fresh = this.log.add(heard).filter(({ user }) => user !== this.nick);
    if (fresh.length) this.#count(fresh);
    if (this.#seesAll()) this.#markRead();
    this.#changed();
  }

  /** Take a message for what one has sent oneself, if it is that. */
  #claim(message) {
    const item = this.outbox.claim(message, this.connection.epoch);
    if (!item) return false;
    this.outbox.drop(item, message.id);
    this.log.stored(item.key, message);
    return true;
  }

  #count(fresh) {
    const mentions = fresh.filter(({ message }) => message.search(this.#mention) >= 0);
    if (mentions.length) this.owner.mentioned(this, mentions.at(-1));
    if (this.#seesAll()) return;
    if (!this.#newStands) {
      this.log.markNew(fresh[0].id);
      this.#newStands = true;
    }
    this.unread += fresh.length;
    this.mentions += mentions.length;
  }

  #heardOf(notice) {
    this.#flush();
    const { user, from_user: from, to_user: to } = notice;
    if (notice.action === "joined") {
      if (!this.people.includes(user)) this.people = [...this.people, user];
      this.log.tellPresence(element("bdi", "", user), " came in");
    } else if (notice.action === "left") {
      this.people = this.people.filter((other) => other !== user);
      const [how, shame] = words.departure(notice.reason);
      if (shame) this.log.note("shame", element("bdi", "", user), ` ${how}`);
      else this.log.tellPresence(element("bdi", "", user), ` ${how}`);
    } else if (notice.action === "nick_changed") {
      this.people = this.people.map((other) => (other === from ? to : other));
      this.log.tellPresence(element("bdi", "", from), " is now ", element("bdi", "", to));
    } else if (notice.action === "gap") {
      this.log.note("back", words.gone(notice, false));
    } else if (notice.users) {
      this.people = notice.users;
    }
    this.#changed();
  }

  // What is read --------------------------------------------------------------------------------

  #seesAll() {
    return this.looking && this.log.atEnd && !document.hidden;
  }

  #markRead() {
    if (this.connection.epoch) store.keepReadMark(this.name, this.connection.epoch, this.connection.last);
  }

  /** One looks at it, or no longer. */
  look(looking) {
    if (looking && !this.looking) this.log.shown(this.unread > 0);
    this.looking = looking;
    if (looking) this.#seen();
  }

  /** What is here has been read, if it can be seen. */
  #seen() {
    if (this.#seesAll()) {
      this.unread = this.mentions = 0;
      this.#newStands = false;
      this.#markRead();
    }
    this.#changed();
  }

  // What one does -------------------------------------------------------------------------------

  #takeNick() {
    this.#mention = mentionOf(this.nick);
    this.log.standOut(this.#mention);
  }

  /** Take another nick; raise Refused or Lost. */
  async rename(nick) {
    const old = this.nick;
    await this.connection.rename(nick);
    this.people = this.people.map((other) => (other === old ? nick : other));
    this.#takeNick();
    this.#changed();
  }

  /** Take another nick, now or on coming back; what cannot be had is told in the log. */
  async wish(nick) {
    this.connection.wanted = this.connection.asking = this.#wished = nick;
    if (this.state === "open") await this.#takeWished();
  }

  async #takeWished() {
    const nick = this.#wished;
    this.#wished = "";
    if (!nick || nick === this.nick) return;
    try {
      await this.rename(nick);
    } catch (error) {
      if (error instanceof Lost) this.#wished = nick;
      else this.#tellFallback();
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
      for (let item; this.state === "open" && this.#ready && (item = this.outbox.next()); ) {
        await this.#sendOne(item);
      }
    } catch {
      // the line is lost; coming back sends again
    }
    this.#sending = false;
  }

  async #sendOne(item) {
    const { connection, nick } = this;
    this.outbox.trying(item, connection);
    try {
      const reply = await connection.ask("chat_message", { message: item.text, key: item.key });
      this.#flush();
      this.outbox.drop(item, reply.id);
      this.log.stored(item.key, { ...reply, user: nick });
      if (this.#seesAll()) this.#markRead();
    } catch (error) {
      if (!error.code) throw error;
      this.outbox.failed(item, error.message);
      this.log.failed(item.key, error.message);
    }
  }

  #retry(key) {
    const item = this.outbox.find(key);
    if (!item) return;
    this.outbox.retry(item);
    this.log.pending(key);
    this.#send();
  }

  #edit(key) {
    const item = this.outbox.find(key);
    if (!item) return;
    this.owner.edit(this, item.text);
    this.outbox.drop(item);
    this.log.forget(key);
  }

  is(name) {
    return fold(name) === fold(this.name);
  }
}
