/** A Socket.IO line (protocol 5 over Engine.IO 4, WebSocket only); it comes back by itself. */

import { doorOf } from "../address.js";

const FIRST_PAUSE = 500; // ms before coming back, doubled each time
const LONGEST_PAUSE = 20_000;
const PATIENCE = 10_000; // ms until the server has said how often it is heard

/** `listener` is told opened(), lost(), refused(message), and heard(event, payload). */
export class Socket {
	#line = null;
	#isOpen = false;
	#waiting = new Map(); // number -> who waits for that acknowledgement
	#number = 0;
	#attempts = 0;
	#patience = PATIENCE;
	#silence = 0;
	#pause = 0;

	constructor(listener) {
		this.listener = listener;
	}

	get isOpen() {
		return this.#isOpen;
	}

	open() {
		this.close();
		this.#line = new WebSocket(doorOf("socket.io/", { EIO: 4, transport: "websocket" }));
		this.#line.onmessage = ({ data }) => this.#hear(data);
		this.#line.onclose = () => this.#lose();
		this.#patience = PATIENCE;
		this.#listen();
	}

	close() {
		clearTimeout(this.#pause);
		clearTimeout(this.#silence);
		const line = this.#line;
		this.#line = null;
		this.#isOpen = false;
		for (const resolve of this.#waiting.values()) resolve(null);
		this.#waiting.clear();
		if (!line) return;
		line.onmessage = line.onclose = null;
		line.close();
	}

	/** Send an event; return whether there was a line to send it on. */
	say(event, payload) {
		return this.#send("", event, payload);
	}

	/** Send an event and return what is acknowledged, or null if the line is lost before. */
	ask(event, payload) {
		const number = this.#number++;
		return new Promise((resolve) => {
			this.#waiting.set(number, resolve);
			if (!this.#send(number, event, payload)) this.#answer(number, null);
		});
	}

	#send(number, ...event) {
		if (this.#isOpen) this.#line.send(`42${number}${JSON.stringify(event)}`);
		return this.#isOpen;
	}

	#answer(number, value) {
		this.#waiting.get(number)?.(value);
		this.#waiting.delete(number);
	}

	#listen() {
		clearTimeout(this.#silence);
		this.#silence = setTimeout(() => this.#lose(), this.#patience);
	}

	/** Engine.IO: 0 open, 1 close, 2 ping, 4 a packet of Socket.IO; each may be followed by JSON. */
	#hear(packet) {
		this.#listen();
		if (packet[0] === "0") {
			const { pingInterval, pingTimeout } = JSON.parse(packet.slice(1));
			this.#patience = pingInterval + pingTimeout;
			this.#listen();
			this.#line.send("40");
		} else if (packet[0] === "1") this.#lose();
		else if (packet[0] === "2") this.#line.send(`3${packet.slice(1)}`);
		else if (packet[0] === "4") this.#read(packet);
	}

	/** Socket.IO: 0 connected, 1 disconnected, 2 event, 3 acknowledgement, 4 refused. */
	#read(packet) {
		const [, kind, number, json] = /^4(\d)(\d*)(.*)$/s.exec(packet);
		const body = json && JSON.parse(json);
		if (kind === "0") {
			this.#isOpen = true;
			this.#attempts = 0;
			this.listener.opened();
		} else if (kind === "2") this.listener.heard(...body);
		else if (kind === "3") this.#answer(Number(number), body[0]);
		else {
			if (kind === "4") this.listener.refused(body.message);
			this.#lose();
		}
	}

	#lose() {
		const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#attempts++);
		this.close();
		this.#pause = setTimeout(() => this.open(), most * (0.5 + Math.random() / 2));
		this.listener.lost();
	}
}
