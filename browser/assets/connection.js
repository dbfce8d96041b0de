/** One room's line, in version 2 of the wire; it comes back by itself, to its place and what was missed. */

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

export class Refused extends Error {
	constructor({ message, code, retry_after: seconds = 1 }) {
		super(message);
		Object.assign(this, { code, wait: seconds * 1000 });
	}
}

export class Lost extends Error {}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** `listener` is told state(), entered(how), ready(how) once all missed was said(message), heard(notice) ... */
export class Connection {
	state = "connecting"; // or "open", "offline", "elsewhere"
	nick = "";
	epoch = "";
	last = 0; // the last message that was told
	limits = { message: 4096 };

	#socket = null;
	#asked = new Map(); // ref -> the request that waits
	#ref = 0;
	#inside = false;
	#how = null; // how one came in, until all that was missed has come
	#target = 0; // its last number
	#attempts = 0;
	#candidates = 0;
	#timer = 0;
	#heardAt = 0;
	#readyAt = 0;
	#patience = PATIENCE;
	#watching = setInterval(() => this.#watch(), 2_000);

	constructor(room, wanted, token, listener) {
		Object.assign(this, { room, wanted, asking: wanted, token, listener });
	}

	open() {
		this.#drop();
		const socket = new WebSocket(doorOf("chat", { room: this.room, nick: this.asking }), "chat.v2");
		socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
		socket.onclose = ({ code }) => this.#lost(code);
		this.#socket = socket;
		this.#heardAt = Date.now();
		if (this.state !== "offline") this.#tell("connecting");
	}

	close() {
		clearInterval(this.#watching);
		this.#drop();
	}

	/** The network is said to be gone: if it is not, one is soon back. */
	lose() {
		if (this.#socket) this.#lost();
	}

	/** Come back at once if offline; else find out soon whether the line still lives. */
	suspect() {
		if (this.state === "offline") {
			this.#attempts = 0;
			this.open();
		} else if (this.state === "open") {
			this.#patience = SHORT_PATIENCE;
			this.ask("user_list").then((reply) => this.listener.heard(reply), () => {});
		}
	}

	/** Make a request and return its reply; raise Refused, or Lost. The rate limit is waited for. */
	async ask(action, fields) {
		const socket = this.#socket;
		for (;;) {
			if (!socket || socket !== this.#socket || socket.readyState !== WebSocket.OPEN) throw new Lost();
			try {
				return await new Promise((resolve, reject) => {
					this.#asked.set(++this.#ref, { resolve, reject, at: Date.now() });
					socket.send(JSON.stringify({ action, ...fields, ref: this.#ref }));
				});
			} catch (error) {
				if (error.code !== "rate_limited") throw error;
				await pause(error.wait + 50);
			}
		}
	}

	async rename(nick) {
		await this.ask("set_nick", { nick });
		this.nick = this.asking = this.wanted = nick;
	}

	#hear(body) {
		this.#heardAt = Date.now();
		this.#patience = PATIENCE;
		if (body.ref) this.#answered(body);
		else if (body.action === "connecting") this.#enter(body).catch((error) => this.#failed(error));
		else if (!this.#inside) return; // it will be told again, after the reply that lets us in
		else if (body.action !== "chat_message") this.listener.heard(body);
		else if (body.id > this.last) {
			this.last = body.id;
			this.listener.said(body);
			this.#arrive();
		}
	}

	#answered(body) {
		const request = this.#asked.get(body.ref);
		this.#asked.delete(body.ref);
		if (body.action === "chat_message" && body.success) this.last = Math.max(this.last, body.id);
		if (body.success) request?.resolve(body);
		else request?.reject(new Refused(body));
	}

	async #enter(greeting) {
		this.limits = greeting.limits;
		const since = this.epoch ? { epoch: this.epoch, after: this.last } : {};
		let place = await this.#resume(since);
		const resumed = Boolean(place);
		if (!resumed) {
			const strange = greeting.room === LOBBY && fold(this.room) !== LOBBY;
			if (!strange && this.#tryAnotherNick(greeting)) return;
			place = greeting;
			if (strange || this.epoch) place = await this.ask("join_room", { room: this.room, ...since });
			this.token = greeting.session;
			this.listener.token(this.token);
		}
		const { room, epoch, last_id: last, users, recovered, gap } = place;
		this.#how = {
			resumed,
			recovered,
			gap,
			users,
			renewed: this.epoch !== epoch,
			missed: last - this.last,
		};
		if (!recovered) this.last = last;
		this.nick = this.asking = place.user ?? greeting.user;
		Object.assign(this, { room, epoch });
		this.#target = last;
		this.#inside = true;
		this.listener.entered(this.#how);
		this.#arrive();
	}

	async #resume(since) {
		if (!this.token) return undefined;
		try {
			return await this.ask("resume", { session: this.token, room: this.room, ...since });
		} catch (error) {
			if (!["unknown_session", "nick_taken", "invalid_request"].includes(error.code)) throw error;
			this.token = "";
			return undefined;
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
		this.#lost();
		if (error.code !== "invalid_room") return;
		this.close();
		this.listener.invalid(error.message);
	}

	#arrive() {
		const how = this.#how;
		if (!how || this.last < this.#target) return;
		this.#how = null;
		this.#candidates = 0;
		this.#readyAt = Date.now();
		this.#tell("open");
		this.listener.ready(how);
	}

	/** Give up a line on which an answer is due and nothing is heard; try one that is quiet. */
	#watch() {
		if (!this.#socket) return;
		const now = Date.now();
		const oldest = Math.min(...Array.from(this.#asked.values(), ({ at }) => at));
		const due = oldest < now || !this.#inside;
		const quiet = now - (oldest < now ? Math.max(this.#heardAt, oldest) : this.#heardAt);
		if (due && quiet > this.#patience) this.#lost();
		else if (!due && quiet > QUIET) this.suspect();
	}

	#drop() {
		clearTimeout(this.#timer);
		const socket = this.#socket;
		this.#socket = this.#how = null;
		this.#inside = false;
		if (socket) {
			socket.onmessage = socket.onclose = null;
			socket.close();
		}
		for (const { reject } of this.#asked.values()) reject(new Lost());
		this.#asked.clear();
	}

	#lost(code) {
		this.#drop();
		if (code === TAKEN_OVER) return this.#tell("elsewhere");
		if (this.state === "open" && Date.now() - this.#readyAt > STEADY) this.#attempts = 0;
		const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#attempts++);
		this.#timer = setTimeout(() => this.open(), most * (0.5 + Math.random() / 2));
		this.#tell("offline");
	}

	#tell(state) {
		if (state === this.state) return;
		this.state = state;
		this.listener.state();
	}
}
