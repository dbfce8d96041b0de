/** Where one writes: a draft a room, Enter to send, @ to mean somebody. */

import * as people from "./people.js";
import * as store from "./store.js";
import { at, bdi, element, show } from "./text.js";

const box = at("message");
const names = at("names");

const UNSAYABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\p{Cs}/gu; // what the server refuses
const BEGINNING = /(?:^|[\s(])@([^\s@]*)$/u;

let room = null;
let chosen = 0;

export function listen() {
	box.form.addEventListener("submit", (event) => {
		event.preventDefault();
		submit();
	});
	box.addEventListener("input", () => {
		changed();
		suggest();
	});
	box.addEventListener("keydown", onKey);
	box.addEventListener("blur", hide);
	names.addEventListener("pointerdown", (event) => {
		event.preventDefault();
		complete(event.target.closest("[role=option]"));
	});
}

export function turnTo(other) {
	room = other;
	box.value = store.text("draft:", room.name);
	changed();
	hide();
}

export const focus = () => box.focus({ preventScroll: true });

export function giveBack(text) {
	box.value = box.value ? `${text}\n${box.value}` : text;
	changed();
	focus();
}

function changed() {
	store.keep(box.value, "draft:", room.name);
	const { message: most } = room.connection.limits;
	const excess = box.value.length > most ? [...box.value.trimEnd()].length - most : 0;
	show(at("compose-error"), excess > 0 ? `At most ${most} characters at once: ${excess} too many.` : "");
	if (!CSS.supports("field-sizing", "content")) {
		box.style.height = "auto";
		box.style.height = `${box.scrollHeight}px`;
	}
	return excess <= 0;
}

function submit() {
	const text = box.value.replace(UNSAYABLE, "").replace(/^\n+|\s+$/g, "");
	if (text && changed()) {
		room.say(text);
		box.value = "";
		changed();
	}
	hide();
	focus();
}

function onKey(event) {
	if (event.isComposing || event.keyCode === 229) return;
	const chooses = !names.hidden && onNamesKey(event.key);
	if (!chooses && (event.key !== "Enter" || event.shiftKey)) return;
	event.preventDefault();
	if (!chooses) submit();
}

function onNamesKey(key) {
	const total = names.children.length;
	if (key === "ArrowDown") choose((chosen + 1) % total);
	else if (key === "ArrowUp") choose((chosen + total - 1) % total);
	else if (key === "Enter" || key === "Tab") complete(names.children[chosen]);
	else if (key === "Escape") hide();
	else return false;
	return true;
}

function suggest() {
	const [, beginning] = BEGINNING.exec(box.value.slice(0, box.selectionStart)) ?? [];
	const nicks = beginning === undefined ? [] : people.meant(room.people, beginning, room.nick);
	if (!nicks.length) return hide();
	names.replaceChildren(...nicks.map((nick, index) => element("div", { role: "option", id: `name-${index}`, nick }, bdi(nick))));
	names.hidden = false;
	choose(0);
}

function choose(index) {
	chosen = index;
	for (const option of names.children) option.ariaSelected = option.id === `name-${index}`;
	box.setAttribute("aria-activedescendant", `name-${index}`);
	names.children[index].scrollIntoView({ block: "nearest" });
}

function hide() {
	names.hidden = true;
	box.removeAttribute("aria-activedescendant");
}

function complete({ nick }) {
	const end = box.selectionStart;
	box.setRangeText(`@${nick} `, box.value.slice(0, end).lastIndexOf("@"), end, "end");
	changed();
	hide();
}
