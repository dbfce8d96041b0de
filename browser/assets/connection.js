/**
 * One room's line to the service, in version 2 of the wire: it enters, comes back by itself when
 * the line is lost, and takes back its place and what was missed.
 */

import { doorOf } from "./address.js";
import { fold, nickNear } from "./names.js";

const PATIENCE = 10_000; // ms that an answer may take while nothing else is heard either
const SHORT_PATIENCE = 4_000; // the same, where the line is suspected to be dead
const QUIET = 30_000; // ms of silence after which the line is tried
const FIRST_PAUSE = 400; // ms before coming back, doubled each time
const LONGEST_PAUSE = 15_000;
const STEADY = 10_000; // ms after which a line that is lost was a good one
const TAKEN_OVER = 4001; // the session goes on in another tab: this one does not come back
const LOBBY = "default"; // where one gets who asks for a room that cannot be

/** The server's no; `code` says of which kind. */
export class Refused extends Error {
  constructor(body) {
    super(body.message);
    this.code = body.code;
    this.wait = (body.retry_after ?? 1) * 1000;
  }
}

/** The line ended before the answer came. */
export class Lost extends Error {}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * `listener` is told: state(state), of "connecting", "open", "offline" and "elsewhere";
 * entered(how) as soon as one is in the room, ready(how) once all that was missed has come,
 * said(message, missed), heard(notice) of what else happens, token(token), invalid(text).
 */
export class Connection {
  state = "connecting";
  nick = "";
  epoch = "";
  last = 0; // the last message that was told

  #listener;
  #socket = null;
  #asked = new Map(); // ref -> the request that waits
  #ref = 0;
  #known = false; // epoch and last are those of an earlier line
  #inside = false;
  #target = 0; // up to here it is what was missed
  #how = null;
  #attempts = 0;
  #candidates = 0;
  #timer = 0;
  #heardAt = 0;
  #readyAt = 0;
  #patience = PATIENCE;
  #tokens = 20;
  #filledAt = 0;
  #watching = 0;

  constructor(room, wanted, token, listener) {
    this.room = room;
    this.wanted = wanted;
    this.asking = wanted;
    this.token = token;
    this.limits = { message: 4096, requests_per_second: 10 };
    this.#listener = listener;
    this.#watching = setInterval(() => this.#watch(), 2_000);
  }

  /** Connect now, whatever was going on. */
  open() {
    this.#drop();
    const socket = new WebSocket(doorOf(this.room, this.asking), "chat.v2");
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => this.#lost(code);
    if (this.state !== "offline") this.#tell("connecting");
  }

  /** Leave for good, politely. */
  close() {
    clearInterval(this.#watching);
    this.#drop();
  }

  /** Come back at once if offline; else find out soon whether the line still lives. */
  suspect() {
    if (this.state === "offline") {
      this.#attempts = 0;
      this.open();
    } else if (this.state === "open") {
      this.#patience = SHORT_PATIENCE;
      this.#greetUsers();
    }
  }

  /** Make a request and return its reply; raise Refused, or Lost. The rate limit is waited for. */
  async ask(action, fields = {}) {
    const socket = this.#socket;
    for (;;) {
      const wait = this.#take();
      if (wait) await pause(wait);
      if (socket !== this.#socket || socket?.readyState !== WebSocket.OPEN) throw new Lost();
      if (wait) continue;
      try {
        return await this.#send({ action, ...fields });
      } catch (error) {
        if (error.code !== "rate_limited") throw error;
        await pause(error.wait + 50);
      }
    }
  }

  /** Take another nick; raise Refused or Lost. */
  async rename(nick) {
    await this.ask("set_nick", { nick });
    this.nick = this.asking = this.wanted = nick;
  }

  // What is sent --------------------------------------------------------------------------------

  #send(body) {
    return new Promise((resolve, reject) => {
      const ref = ++this.#ref;
      this.#asked.set(ref, { resolve, reject, at: Date.now() });
      this.#socket.send(JSON.stringify({ ...body, ref }));
    });
  }

  /** Take leave to make a request; return for how many ms to wait for it. */
  #take() {
    const rate = this.limits.requests_per_second * 0.9;
    if (!rate) return 0;
    const now = Date.now();
    this.#tokens = Math.min(2 * rate, this.#tokens + ((now - this.#filledAt) * rate) / 1000);
    this.#filledAt = now;
    if (this.#tokens < 1) return ((1 - this.#tokens) * 1000) / rate;
    this.#tokens -= 1;
    return 0;
  }

  async #greetUsers() {
    try {
      const { users } = await this.ask("user_list");
      this.#listener.heard({ action: "user_list", users });
    } catch {
      // a line that is lost says so itself
    }
  }

  // What is heard -------------------------------------------------------------------------------

  #hear(body) {
    this.#heardAt = Date.now();
    this.#patience = PATIENCE;
    if ("ref" in body) this.#answered(body);
    else if (body.action === "connecting") this.#enter(body).catch((error) => this.#failed(error));
    else if (!this.#inside) return; // it will be told again, after the reply that lets us in
    else if (body.action === "chat_message") this.#said(body);
    else this.#listener.heard(body);
  }

  #answered(body) {
    const request = this.#asked.get(body.ref);
    this.#asked.delete(body.ref);
    if (body.action === "chat_message" && body.success) this.last = Math.max(this.last, body.id);
    if (body.success) request?.resolve(body);
    else request?.reject(new Refused(body));
  }

  #said(body) {
    if (body.id <= this.last) return;
    this.last = body.id;
    this.#listener.said(body, body.id <= this.#target);
    this.#arrive();
  }

  /** Enter: under the old seat if there is one, else under the nick that was greeted. */
  async #enter(greeting) {
    this.limits = greeting.limits;
    this.#tokens = this.limits.requests_per_second * 2;
    this.#filledAt = Date.now();
    const since = this.#known ? { epoch: this.epoch, after: this.last } : {};
    let place = await this.#resume(since);
    const resumed = place !== null;
    if (!resumed) {
      const strange = greeting.room === LOBBY && fold(this.room) !== LOBBY;
      if (!strange && this.#tryAnotherNick(greeting)) return;
      place = greeting;
      if (strange || this.#known) place = await this.ask("join_room", { room: this.room, ...since });
      this.token = greeting.session;
      this.#listener.token(this.token);
    }
    this.nick = this.asking = place.user ?? greeting.user;
    this.room = place.room;
    this.#how = {
      resumed,
      returned: this.#known,
      recovered: place.recovered === true,
      renewed: this.#known && place.epoch !== this.epoch,
      gap: place.gap ?? null,
      missed: place.recovered ? place.last_id - this.last : 0,
      users: place.users,
    };
    if (!place.recovered) this.last = place.last_id;
    this.epoch = place.epoch;
    this.#target = place.last_id;
    this.#known = this.#inside = true;
    this.#listener.entered(this.#how);
    this.#arrive();
  }

  /** Return the place that was taken back; null if there is none to take back. */
  async #resume(since) {
    if (!this.token) return null;
    try {
      return await this.ask("resume", { session: this.token, room: this.room, ...since });
    } catch (error) {
      if (!["unknown_session", "nick_taken", "invalid_request"].includes(error.code)) throw error;
      this.token = "";
      return null;
    }
  }

  /** If the nick was not to be had, come in again under one near it, before anybody has noticed. */
  #tryAnotherNick({ user, users }) {
    if (user === this.asking || this.#candidates >= 3) return false;
    this.#candidates += 1;
    this.asking = nickNear(this.wanted, users);
    this.open();
    return true;
  }

  #failed(error) {
    if (error instanceof Lost) return;
    if (error instanceof Refused && error.code === "invalid_room") {
      this.close();
      this.#listener.invalid(error.message);
    } else {
      this.#lost();
    }
  }

  /** Once all that was missed has come, say so. */
  #arrive() {
    if (!this.#how || this.last < this.#target) return;
    const how = this.#how;
    this.#how = null;
    this.#candidates = 0;
    this.#readyAt = Date.now();
    this.#tell("open");
    this.#listener.ready(how);
  }

  // How lines end -------------------------------------------------------------------------------

  #watch() {
    const now = Date.now();
    if (!this.#socket) return;
    const oldest = Math.min(...Array.from(this.#asked.values(), (request) => request.at));
    const due = this.#socket.readyState === WebSocket.CONNECTING || !this.#inside || oldest < now;
    const since = Math.max(this.#heardAt, this.#inside && oldest < now ? oldest : 0);
    if (due && now - since > this.#patience) this.#lost();
    else if (this.state === "open" && !this.#asked.size && now - this.#heardAt > QUIET) this.suspect();
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#inside = false;
    this.#how = null;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const request of asked) request.reject(new Lost());
  }

  #lost(code) {
    this.#drop();
    if (code === TAKEN_OVER) {
      this.#tell("elsewhere");
      return;
    }
    if (this.state === "open" && Date.now() - this.#readyAt > STEADY) this.#attempts = 0;
    const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#attempts++);
    this.#timer = setTimeout(() => this.open(), most * (0.5 + Math.random() / 2));
    this.#tell("offline");
  }

  #tell(state) {
    if (state === this.state) return;
    this.state = state;
    this.#listener.state(state);
  }
}
