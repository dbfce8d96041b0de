/** What the browser remembers, if it lets us. */

import { scope } from "./address.js";
import { fold } from "./names.js";

function read(kept, key, otherwise) {
	try {
		const value = JSON.parse(window[kept].getItem(scope + key)) ?? otherwise;
		return typeof value === typeof otherwise ? value : otherwise;
	} catch {
		return otherwise;
	}
}

function write(kept, key, value) {
	try {
		if (value) window[kept].setItem(scope + key, JSON.stringify(value));
		else window[kept].removeItem(scope + key);
	} catch {
		// then it is not remembered
	}
}

/** A text: of this browser, or of this tab ("sessionStorage"), and maybe of a room. */
export const text = (key, room = "", kept = "localStorage") => read(kept, key + fold(room), "");
export const keep = (value, key, room = "", kept = "localStorage") => write(kept, key + fold(room), value);
export const ofTab = (key, room) => text(key, room, "sessionStorage");
export const keepOfTab = (value, key, room) => keep(value, key, room, "sessionStorage");

export const rooms = () => Object.values(read("localStorage", "rooms", [])).map(String);
export function keepRoom(room, stay = true) {
	const others = rooms().filter((known) => fold(known) !== fold(room));
	if (!stay) write("localStorage", "rooms", others);
	else if (others.length === rooms().length) write("localStorage", "rooms", [...others, room]);
}

export const mark = (room) => read("localStorage", `read:${fold(room)}`, {});
export const keepMark = (room, epoch, id) => write("localStorage", `read:${fold(room)}`, { epoch, id });

/** What is on its way, each by itself, so that tabs do not overwrite one another. */
export const keepSending = (item) => write("localStorage", `out:${item.key}`, item);
export const dropSending = (item) => write("localStorage", `out:${item.key}`);
export function sendings() {
	try {
		const keys = Object.keys(localStorage).filter((key) => key.startsWith(`${scope}out:`));
		const items = keys.map((key) => read("localStorage", key.slice(scope.length), {}));
		return items.filter(({ text, room }) => text && room).sort((one, other) => one.at - other.at);
	} catch {
		return [];
	}
}
