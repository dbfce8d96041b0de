/** The page: which rooms there are, which one is looked at, and what of it is shown. */

import { doorOf, linkTo, roomHere } from "./address.js";
import * as composer from "./composer.js";
import { Refused } from "./connection.js";
import { anyNick } from "./names.js";
import * as notify from "./notify.js";
import * as people from "./people.js";
import * as rename from "./rename.js";
import { Room } from "./room.js";
import * as list from "./rooms.js";
import * as store from "./store.js";
import { introduce } from "./tab.js";
import { at, button, element, show } from "./text.js";
import { many } from "./words.js";

const LOBBY = "default";
const LOOK_AROUND = 15_000; // ms between looks at where it is busy

const rooms = [];
let active = null;
let tab = null;
let nick = "";
let painting = 0;
let songs = null; // the panel, once it is needed
let asked = ""; // the last room that was asked

const owner = {
	changed() {
		painting ||= setTimeout(paint);
	},
	mentioned(room, message) {
		if (!room.looking || !document.hasFocus()) notify.call(room, message, () => visit(room.name));
	},
	edit(room, text) {
		visit(room.name);
		composer.giveBack(text);
	},
	invalid(room, why) {
		leave(room);
		if (at("rooms-toggle").checkVisibility()) at("rooms").showPopover();
		list.refuse(room.name, why);
	},
};

function enter(name) {
	let room = rooms.find((known) => known.is(name));
	if (!room) {
		room = new Room(name, { nick, tab, owner });
		rooms.push(room);
		store.keepRoom(name);
	}
	return room;
}

/** Look at a room; with a `step` the browser's history has one more. */
function visit(name, step = true) {
	const room = enter(name);
	if (room !== active) {
		active?.look(false);
		active?.log.element.remove();
		active = room;
		at("stage").prepend(room.log.element);
		composer.turnTo(room);
		store.keep(room.name, "last");
		if (step) history.pushState(null, "", linkTo(room.name));
		paint();
	}
	room.look(true);
	at("rooms").hidePopover();
	if (matchMedia("(hover: hover)").matches) composer.focus();
}

function leave(room) {
	room.leave();
	store.keepRoom(room.name, false);
	rooms.splice(rooms.indexOf(room), 1);
	if (room === active) visit(rooms[0]?.name ?? LOBBY);
	owner.changed();
}

async function takeName(wanted) {
	try {
		if (active.state === "open") await active.rename(wanted);
	} catch (error) {
		if (error instanceof Refused) return error.message;
	}
	nick = wanted;
	store.keep(nick, "name");
	store.keepOfTab(nick, tab.id);
	for (const room of rooms) room.wish(nick);
	return "";
}

function paint() {
	clearTimeout(painting);
	painting = 0;
	show(at("room-name"), active.name);
	list.show(rooms, active);
	people.show(active.people, active.nick);
	rename.show(active.connection.wanted);
	notify.title(active.name, rooms);
	at("to-end").hidden = active.log.atEnd;
	show(at("to-end"), active.unread ? `${many(active.unread, "new message")} \u2193` : "To the end \u2193");
	paintState();
	seekSongs();
}

/** Show the songs of a room that has some: one short line asks. */
function seekSongs() {
	const room = active.name;
	if (songs || room === asked || active.state !== "open") return songs?.turnTo(room);
	asked = room;
	const line = new WebSocket(doorOf("socket.io/", { EIO: 4, transport: "websocket" }));
	line.onopen = () => {
		line.send("40");
		line.send(`420${JSON.stringify(["register-web", { room }])}`);
	};
	line.onmessage = async ({ data }) => {
		if (!/^4[34]/.test(data)) return;
		line.close();
		if (data === "430[true]") songs = await import("./karaoke/panel.js");
		songs?.turnTo(active.name);
	};
}

function paintState() {
	const place = at("state");
	const now = active.state;
	if (place.dataset.state === now) return;
	place.dataset.state = now;
	document.body.classList.toggle("offline", now === "offline");
	const tell = (text, label) => {
		place.append(element("span", "", text));
		place.append(button(label, "plain", () => active.connection.open()));
	};
	place.replaceChildren();
	if (now === "offline") tell("Offline. What you write is kept, and sent when you are back.", "Try now");
	else if (now === "elsewhere") tell("This conversation goes on in another tab.", "Take it back");
}

async function lookAround() {
	if (document.hidden || active.state !== "open") return;
	const { rooms: found } = await active.connection.ask("room_list").catch(() => ({}));
	if (found) list.showBusy(found, rooms);
}

function wake() {
	if (document.hidden) return;
	asked = "";
	active.look(true);
	for (const { connection } of rooms) connection.suspect();
}

function listen() {
	list.listen({ visit, leave });
	composer.listen();
	rename.listen({ rename: takeName });
	notify.listen();
	at("to-end").addEventListener("click", () => {
		active.log.toEnd();
		active.look(true);
		composer.focus();
	});
	addEventListener("popstate", () => visit(roomHere() || LOBBY, false));
	addEventListener("offline", () => rooms.forEach(({ connection }) => connection.lose()));
	addEventListener("online", wake);
	document.addEventListener("visibilitychange", wake);
	setInterval(lookAround, LOOK_AROUND);
	setTimeout(lookAround, 500);
}

async function begin() {
	const asked = roomHere();
	show(at("room-name"), asked || store.text("last") || LOBBY);
	tab = await introduce();
	nick = store.ofTab(tab.id) || store.text("name") || anyNick();
	store.keepOfTab(nick, tab.id);
	// a second tab does not bring a second one of us into every room
	const alone = !tab.others.size;
	visit(asked || (alone && store.text("last")) || LOBBY, false);
	listen();
	for (const room of alone ? store.rooms() : []) enter(room);
	for (const { room, tab: sender } of store.sendings()) if (!tab.others.has(sender)) enter(room);
}

begin();
