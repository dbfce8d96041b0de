/** How one is called from elsewhere: the title, a notification, a sound. */

import * as store from "./store.js";
import { at } from "./text.js";

const can = "Notification" in window && window.isSecureContext;

let audio = null;

export function listen() {
	at("notify").hidden = !can;
	for (const which of ["notify", "sound"]) {
		const allowed = which === "sound" || (can && Notification.permission === "granted");
		at(which).ariaPressed = allowed && store.text(which) === "on";
		at(which).addEventListener("click", () => turn(which, !isOn(which)));
	}
}

const isOn = (which) => at(which).ariaPressed === "true";

async function turn(which, on) {
	if (on && which === "sound") ring();
	if (on && which === "notify") on = (await Notification.requestPermission()) === "granted";
	at(which).ariaPressed = on;
	store.keep(on ? "on" : "", which);
}

export function call({ name }, { user, message }, visit) {
	if (isOn("sound")) ring();
	if (!isOn("notify")) return;
	const called = new Notification(`${user} in ${name}`, { body: message.slice(0, 200), tag: name });
	called.onclick = () => {
		window.focus();
		visit();
		called.close();
	};
}

function ring() {
	audio ??= new AudioContext();
	audio.resume();
	const [tone, volume, now] = [audio.createOscillator(), audio.createGain(), audio.currentTime];
	tone.frequency.setValueAtTime(660, now);
	tone.frequency.setValueAtTime(880, now + 0.12);
	volume.gain.setValueAtTime(0.1, now);
	volume.gain.exponentialRampToValueAtTime(0.0001, now + 0.4);
	tone.connect(volume).connect(audio.destination);
	tone.start(now);
	tone.stop(now + 0.4);
}

export function title(name, rooms) {
	const unread = rooms.reduce((sum, room) => sum + room.unread, 0);
	const meant = rooms.some(({ mentions }) => mentions) ? "@" : "";
	document.title = `${unread ? `(${meant}${unread}) ` : ""}${name} \u00B7 Roomful`;
}
