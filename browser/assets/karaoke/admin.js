/** What only an admin sees: the way in by the secret, and the settings. */

import { element } from "../text.js";
import { labelled } from "./search.js";

export const toggle = element("button", { className: "plain", type: "button", ariaExpanded: "false" }, "Admin");

const secret = element("input", { type: "password", id: "song-secret", autocomplete: "off", maxLength: 1000 });
const entrance = element("form", "", labelled("Secret", secret), element("button", "", "Enter"));
const pause = element("input", { type: "number", id: "song-pause", min: 0, max: 3600, step: "any", required: true });
const policy = element(
	"select",
	{ id: "song-policy" },
	element("option", { value: "" }, "may sing again at once"),
	element("option", { value: "optional" }, "may wait or not"),
	element("option", { value: "forced" }, "has to wait"),
);
const last = element("input", { type: "datetime-local", id: "song-last" });
const settings = element(
	"form",
	"",
	labelled("Seconds between songs", pause),
	labelled("Who is queued already", policy),
	labelled("No song starts after", last),
	element("button", "", "Save"),
);
export const place = element("section", { id: "song-admin", ariaLabel: "Admin", hidden: true }, entrance, settings);

let config = {}; // as everybody knows it: the secret is not in it, and stays
let filled = "";

/** `wishes` are enter(secret), which returns whether it is right, and save(config). */
export function listen({ enter, save }) {
	toggle.setAttribute("aria-controls", place.id);
	toggle.addEventListener("click", () => {
		open(place.hidden);
		if (!place.hidden) (entrance.hidden ? pause : secret).focus();
	});
	entrance.addEventListener("submit", async (event) => {
		event.preventDefault();
		const given = secret.value;
		secret.value = "";
		if (await enter(given)) toggle.focus();
		else secret.focus();
	});
	settings.addEventListener("submit", (event) => {
		event.preventDefault();
		const moment = Date.parse(last.value) / 1000;
		save({
			...config,
			preview_duration: Number(pause.value),
			waiting_room_policy: policy.value || null,
			last_song: moment || null,
		});
	});
	show(false);
}

export function open(isOpen) {
	place.hidden = !isOpen;
	toggle.ariaExpanded = String(isOpen);
}

export function show(isAdmin) {
	entrance.hidden = isAdmin;
	settings.hidden = !isAdmin;
}

/** Show the settings as they are; if they have not changed, what is being written stays. */
export function fill(given) {
	config = given;
	const known = JSON.stringify([config.preview_duration, config.waiting_room_policy, config.last_song]);
	if (known === filled) return;
	filled = known;
	pause.value = config.preview_duration;
	policy.value = (config.waiting_room_policy ?? "").toLowerCase();
	if (policy.selectedIndex < 0) policy.value = "";
	last.value = config.last_song ? localTime(config.last_song) : "";
}

function localTime(moment) {
	const date = new Date(moment * 1000);
	return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
