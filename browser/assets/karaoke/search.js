/** Where one looks for songs, says who sings, and is asked whether to wait. */

import * as store from "../store.js";
import { bdi, element, show } from "../text.js";
import { titled } from "./words.js";

const TYPING = 250; // ms without a key until it is searched
const MOST = 60; // results that are shown
const LONGEST_NAME = 50; // characters

const query = element("input", { type: "search", id: "song-query", maxLength: 200, autocomplete: "off", enterKeyHint: "search", dir: "auto" });
const singer = element("input", { id: "singer", maxLength: LONGEST_NAME, autocomplete: "off", dir: "auto" });
const found = element("ul", { role: "list", ariaLabel: "Results", className: "found", hidden: true });
const count = element("p", { className: "soft", role: "status" });
const question = element("div", { className: "question", role: "group", ariaLabel: "Wait for your turn?", hidden: true });
const form = element(
	"form",
	"",
	labelled("Singer", singer),
	labelled("Search songs", query),
	count,
	question,
	found,
);

export const place = form;

let wishes = null; // search(query), add(event, song), tell(text, isError)
let searched = ""; // what was searched last
let isSearching = false;
let typing = 0;

export function labelled(text, field) {
	const label = element("label", { htmlFor: field.id }, text);
	return element("div", "line", label, field);
}

export function listen(given) {
	wishes = given;
	singer.value = store.text("singer");
	singer.addEventListener("input", () => {
		store.keep(singer.value.trim(), "singer");
		singer.ariaInvalid = null;
	});
	query.addEventListener("input", () => {
		clearTimeout(typing);
		typing = setTimeout(search, TYPING);
	});
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		search();
	});
}

/** Forget what was searched and asked, but not what stands in the box. */
export function reset() {
	searched = "";
	isSearching = false;
	clearTimeout(typing);
	hideQuestion();
	clear();
}

/** Search what stands in the box; one search at a time, so that results are those of the last. */
export async function search() {
	clearTimeout(typing);
	const wanted = query.value.trim();
	if (!wanted) return clear();
	if (isSearching || wanted === searched) return;
	isSearching = true;
	searched = wanted;
	found.ariaBusy = "true";
	if ((await wishes.search(wanted)) === null) searched = ""; // the line was lost
	isSearching = false;
	found.ariaBusy = null;
	if (searched) search();
}

function clear() {
	searched = "";
	found.replaceChildren();
	found.hidden = true;
	show(count, "");
}

export function showResults(results) {
	if (!query.value.trim()) return;
	found.replaceChildren(...results.slice(0, MOST).map(itemOf));
	found.hidden = !results.length;
	found.scrollTop = 0;
	if (!results.length) show(count, "No such song here.");
	else if (results.length > MOST) show(count, `The first ${MOST} of ${results.length} songs: write more of the name.`);
	else show(count, results.length === 1 ? "1 song" : `${results.length} songs`);
}

function itemOf(song, index) {
	const title = element("b", { id: `found-${index}`, dir: "auto" }, song.title);
	const more = [song.artist, song.album, song.duration].filter((part) => part && part !== "Unknown").map(String);
	const add = element("button", { type: "button", onclick: () => wish("append", song) }, "Add");
	add.setAttribute("aria-describedby", title.id);
	return element("li", "", element("div", "song", title, " ", element("span", { className: "soft", dir: "auto" }, more.join(" \u00B7 "))), add);
}

function wish(event, song) {
	const performer = singer.value.trim();
	hideQuestion();
	if (performer) return wishes.add(event, { ...song, performer });
	singer.ariaInvalid = "true";
	singer.focus();
	wishes.tell("Who sings? Write a name first.", true);
}

/** Ask whether to wait; `song` is the one that was wished, `old` the one that is queued. */
export function ask(song, old, isForced) {
	const choose = (event) => {
		hideQuestion();
		query.focus();
		if (event) wishes.add(event, song);
	};
	const choice = (text, event, className = "plain") =>
		element("button", { type: "button", className, onclick: () => choose(event) }, text);
	const choices = [choice("Wait", "waiting-room-append", "")];
	if (!isForced) choices.push(choice("Sing anyway", "append-anyway"));
	choices.push(choice("Not now", ""));
	question.replaceChildren(
		element("p", { id: "question-text" }, bdi(old.performer), " is in the queue already, with ", bdi(titled(old)), ". Wait until that is sung?"),
		element("p", "choices", ...choices),
	);
	question.hidden = false;
	choices[0].setAttribute("aria-describedby", "question-text");
	choices[0].focus();
}

function hideQuestion() {
	question.hidden = true;
	question.replaceChildren();
}
