/**
 * The songs of the room one looks at. Until a room has a song queue, the chat page asks once for
 * each room that is looked at, on a line that it closes with the answer (app.js); from then on
 * this is loaded and asks itself. Only a room with songs keeps a line, while one looks at it.
 */

import { fold } from "../names.js";
import { at, element, show } from "../text.js";
import * as admin from "./admin.js";
import * as search from "./search.js";
import { Socket } from "./socket.js";
import { SongList } from "./songs.js";
import { startTimes } from "./times.js";
import { refusal, titled } from "./words.js";

const REFRESH = 10_000; // ms between looks at the clock
const MOST_RECENT = 50; // songs that are shown
const STARTING = 1_000; // ms until one looks whether the first song has started

let room = "";
let state = null; // as the server told it last
let secret = ""; // once it was right, to be an admin again after coming back
let isAdmin = false;
let wished = null; // the song that is being added
let troubles = 0; // what went wrong so far
let starting = { uuid: "", looks: 0 };

const socket = new Socket({ opened: enter, lost, refused: (text) => tell(text, true), heard });

const act = (label, event, fits) => ({ label, fits, act: (uuid) => socket.say(event, { uuid }) });
const skip = act("Skip", "skip", () => true);
const queue = new SongList("Queue", [
	act("Skip current", "skip-current", (index) => index === 0),
	act("Move up", "move-up", (index) => index > 1),
	{ ...skip, fits: (index) => index > 0 },
]);
const waiting = new SongList("Waiting room", [act("To the queue", "waiting-room-to-queue", () => true), skip]);
const recent = new SongList("Recent songs");

const notice = element("p", { className: "told", role: "status" });
const nobody = element("p", "soft", "Nobody is in the queue. Search a song, and sing!");
const part = (title, ...content) => element("section", "", element("h3", { tabIndex: -1 }, title), ...content);
const waitingPart = part("Waiting room", waiting.element);
const sung = element("details", "", element("summary", "", "Recent songs"), recent.element);
const panel = element(
	"aside",
	{ id: "songs", className: "side", popover: "auto", ariaLabel: "Songs", hidden: true },
	element("header", "line", element("h2", "", "Songs"), admin.toggle, toggleOf("Close", "hide")),
	admin.place,
	notice,
	search.place,
	part("Queue", nobody, queue.element),
	waitingPart,
	sung,
);
const opener = toggleOf("Songs", "show");

function toggleOf(text, action) {
	const made = element("button", { type: "button", className: "plain" }, text);
	made.setAttribute("popovertarget", "songs");
	made.setAttribute("popovertargetaction", action);
	return made;
}

await dress();
at("people").before(panel);
at("people-toggle").before(opener);
search.listen({ search: (query) => socket.ask("search", { query }), add, tell });
admin.listen({ enter: becomeAdmin, save });
document.addEventListener("visibilitychange", wake);
setInterval(() => state && !document.hidden && paint(), REFRESH);

/** Load our looks, as the page's policy lets us. */
function dress() {
	const looks = element("link", { rel: "stylesheet", href: new URL("songs.css", import.meta.url).href });
	document.head.append(looks);
	return new Promise((resolve) => (looks.onload = looks.onerror = resolve));
}

/** Show the songs of another room, if it has some. */
export function turnTo(other) {
	if (fold(other) === fold(room)) return;
	room = other;
	secret = "";
	close();
	admin.open(false);
	search.reset();
	tell("");
	socket.open();
}

function close() {
	socket.close();
	state = null;
	setAdmin(false);
	reveal(false);
}

function reveal(isThere) {
	if (!isThere && panel.matches(":popover-open")) panel.hidePopover();
	panel.hidden = opener.hidden = !isThere;
	document.body.classList.toggle("sings", isThere);
}

/** Come back at once; a room that had no songs may have some by now. */
function wake() {
	if (!document.hidden && !socket.isOpen) socket.open();
}

async function enter() {
	const entered = await socket.ask("register-web", { room });
	if (entered === false) return close();
	if (!entered) return; // lost again
	tell("");
	reveal(true);
	if (secret) await becomeAdmin(secret);
	search.search();
}

function lost() {
	setAdmin(false);
	if (state) tell("Offline. Songs can be added when the line is back.", true);
}

function heard(event, payload) {
	if (event === "state") {
		state = payload;
		paint();
		lookForStart();
	} else if (event === "search-results") search.showResults(payload.results);
	else if (event === "ask_for_waitingroom") askToWait(payload);
	else if (event === "msg") fail(payload.msg);
	else if (event === "err") {
		if (payload.type === "NO_ADMIN") setAdmin(false);
		fail(refusal(payload));
		if (payload.type === "NOT_IN_ROOM") close();
	}
}

/** Look a few times whether the first song has started: nobody is told of it by itself. */
function lookForStart() {
	const [first] = state.queue;
	if (!first || first.started_at) return;
	if (first.uuid !== starting.uuid) starting = { uuid: first.uuid, looks: 0 };
	if (++starting.looks <= 4) setTimeout(() => socket.say("get-state"), STARTING * starting.looks);
}

function tell(text, isError = false) {
	notice.classList.toggle("error", isError);
	show(notice, text);
}

function fail(text) {
	troubles += 1;
	tell(text, true);
}

/** Send an event; once it is done without any trouble, say so. */
async function attempt(event, payload, done) {
	const before = troubles;
	const answer = await socket.ask(event, payload);
	if (answer === null) fail("The line was lost on the way. Look whether it was done, or try again.");
	else if (before === troubles) tell(done());
}

async function add(event, song) {
	const { performer, source, ident } = song;
	wished = song;
	await attempt(event, { performer, source, ident, uid: null }, () => {
		const waits = (entry) => entry.ident === ident && entry.performer === performer;
		const isWaiting = event === "waiting-room-append" && state.waiting_room.some(waits);
		return `${titled(song)} is in the ${isWaiting ? "waiting room" : "queue"}.`;
	});
}

function askToWait({ current_entry: current, old_entry: old }) {
	troubles += 1;
	tell("");
	const isForced = state.config.waiting_room_policy?.toLowerCase() === "forced";
	search.ask({ ...(wished?.ident === current.ident ? wished : { title: current.ident }), ...current }, old, isForced);
}

async function becomeAdmin(given) {
	const answer = await socket.ask("register-admin", { secret: given });
	setAdmin(answer === true);
	if (answer === false) fail("That is not the secret.");
	if (!isAdmin) return false;
	secret = given;
	tell("");
	return true;
}

function setAdmin(is) {
	isAdmin = is;
	admin.show(is);
	if (state) paint();
}

function save(config) {
	return attempt("update_config", { config: JSON.stringify(config) }, () => "The settings are saved.");
}

function paint() {
	const { queue: songs, waiting_room: waits, recent: past, config } = state;
	admin.fill(config);
	const starts = startTimes(songs, config.preview_duration, Date.now() / 1000);
	const when = (index) => (index ? starts[index] : songs[0].started_at ? "Now" : "Next");
	queue.show(songs, when, isAdmin);
	nobody.hidden = songs.length > 0;
	waiting.show(waits, () => "", isAdmin);
	waitingPart.hidden = !waits.length;
	recent.show(past.slice(-MOST_RECENT).reverse(), () => "", false);
	sung.hidden = !past.length;
}
