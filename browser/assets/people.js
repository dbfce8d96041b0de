/** The list of who is in the room, in order of arrival. */

import { door } from "./log.js";
import { fold } from "./names.js";
import { at, bdi, element, show as showText } from "./text.js";

const list = at("people-list");

export function show(people, self) {
	showText(at("people-count"), String(people.length));
	const standing = new Map(Array.from(list.children, (item) => [item.nick, item]));
	let place = list.firstElementChild;
	for (const nick of people) {
		const item = standing.get(nick) ?? element("li", { nick }, door(nick), bdi(nick));
		standing.delete(nick);
		item.className = nick === self ? "self" : "";
		if (item === place) place = place.nextElementSibling;
		else list.insertBefore(item, place);
	}
	for (const item of standing.values()) item.remove();
}

export function meant(people, beginning, self) {
	const where = (nick) => fold(nick).indexOf(fold(beginning));
	const found = people.filter((nick) => nick !== self && where(nick) >= 0);
	return found.sort((one, other) => where(one) - where(other)).slice(0, 8);
}
