/** Songs as a list: each item stays the same while its song stays, and so does the focus. */

import { door } from "../log.js";
import { bdi, button, element, show } from "../text.js";
import { clock } from "./words.js";

let made = 0;

export class SongList {
	#items = new Map(); // uuid -> item
	#acts;

	/** `acts` are what an admin can do with a song: {label, act(uuid), fits(index)}. */
	constructor(label, acts = []) {
		this.#acts = acts;
		this.element = element("ol", { role: "list", ariaLabel: label });
	}

	/** Show these songs; `when` says of a place when its song is sung: a word, or seconds since 1970. */
	show(entries, when, isAdmin) {
		const focused = this.element.contains(document.activeElement) && document.activeElement;
		const place = [...this.element.children].indexOf(focused && focused.closest("li"));
		const gone = new Map(this.#items);
		entries.forEach((entry, index) => {
			const item = this.#items.get(entry.uuid) ?? this.#make(entry.uuid);
			gone.delete(entry.uuid);
			if (this.element.children[index] !== item) this.element.insertBefore(item, this.element.children[index] ?? null);
			item.update(entry, when(index), index, isAdmin);
		});
		for (const [uuid, item] of gone) {
			this.#items.delete(uuid);
			item.remove();
		}
		if (focused && focused !== document.activeElement) this.#refocus(focused, place);
	}

	#refocus(focused, place) {
		if (focused.isConnected && focused.checkVisibility()) return focused.focus();
		const near = this.element.children[Math.min(place, this.element.children.length - 1)];
		const other = [...(near?.querySelectorAll("button") ?? [])].findLast((each) => each.checkVisibility());
		(other ?? this.element.closest("section").querySelector("h3")).focus();
	}

	#make(uuid) {
		const title = element("b", { id: `song-${++made}`, dir: "auto" });
		const artist = element("span", { className: "soft", dir: "auto" });
		const performer = bdi("");
		const time = element("time", "when");
		const buttons = this.#acts.map(({ label, act }) => {
			const made = button(label, "plain", () => act(uuid));
			made.setAttribute("aria-describedby", title.id);
			return made;
		});
		const text = element("div", "song", title, " ", artist, element("div", "by", performer));
		const item = element("li", "", text, time, element("div", "acts", ...buttons));
		item.update = (entry, when, index, isAdmin) => {
			show(title, entry.title);
			show(artist, entry.artist === "Unknown" ? "" : entry.artist);
			if (typeof when === "string") time.removeAttribute("datetime");
			else time.dateTime = new Date(when * 1000).toISOString();
			show(time, typeof when === "string" ? when : clock(when));
			const who = entry.performer.trim() || "?";
			if (performer.textContent !== who) {
				item.querySelector(".door")?.remove();
				item.prepend(door(who));
			}
			show(performer, who);
			buttons.forEach((each, number) => (each.hidden = !isAdmin || !this.#acts[number].fits(index)));
		};
		this.#items.set(uuid, item);
		return item;
	}
}
