/** The list of one's rooms, the way into another, and where it is busy. */

import { linkTo } from "./address.js";
import { fold } from "./names.js";
import { at, bdi, button, element, show as showText } from "./text.js";

const list = at("room-list");
const input = at("join-room");
const items = new Map(); // room -> its item

let visit = null;
let leave = null;

export function listen(wishes) {
	({ visit, leave } = wishes);
	input.form.addEventListener("submit", (event) => {
		event.preventDefault();
		const name = input.value.trim();
		at("join-error").textContent = input.value = "";
		if (name) visit(name);
	});
}

export function refuse(name, why) {
	input.value ||= name;
	at("join-error").textContent = why;
	input.focus();
}

export function show(rooms, active) {
	for (const [room, item] of items) if (!rooms.includes(room)) item.remove();
	for (const room of rooms) {
		if (!items.has(room)) items.set(room, itemOf(room));
		const item = items.get(room);
		if (!item.isConnected) list.append(item);
		update(item, room, room === active, rooms.length > 1);
	}
	const others = rooms.filter((room) => room !== active);
	const sum = (key) => others.reduce((total, room) => total + room[key], 0);
	showCount(at("elsewhere"), sum("unread"), sum("mentions"));
}

function itemOf(room) {
	const link = element("a", "", bdi(""), element("span", "count"));
	link.addEventListener("click", (event) => {
		if (event.ctrlKey || event.metaKey || event.shiftKey) return;
		event.preventDefault();
		visit(room.name);
	});
	return element("li", "", link, button("\u00D7", "leave plain", () => leave(room)));
}

function update({ children: [link, leaving], classList }, { name, unread, mentions, state }, active, leavable) {
	showText(link.firstChild, name);
	showCount(link.lastChild, unread, mentions);
	link.href = linkTo(name);
	link.ariaCurrent = active ? "page" : null;
	link.ariaLabel = unread ? `${name}, ${unread} unread${mentions ? ", you are mentioned" : ""}` : null;
	leaving.ariaLabel = leaving.title = `Leave ${name}`;
	leaving.hidden = !leavable;
	classList.toggle("off", state === "offline" || state === "elsewhere");
}

function showCount(place, unread, mentions) {
	showText(place, unread ? `${mentions ? "@ " : ""}${unread > 999 ? "999+" : unread}` : "");
	place.classList.toggle("meant", mentions > 0);
}

export function showBusy(found, mine) {
	const known = mine.map(({ name }) => fold(name));
	const others = found.filter(({ room }) => !known.includes(fold(room))).slice(0, 12);
	at("busy").hidden = !others.length;
	if (at("busy-list").contains(document.activeElement)) return; // it would be lost under the fingers
	at("busy-list").replaceChildren(
		...others.map(({ room, users }) => {
			const way = button(bdi(room), "plain", () => visit(room));
			way.append(" ", element("span", "", String(users)));
			return element("li", "", way);
		}),
	);
}
