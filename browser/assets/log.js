/** What was said in a room, as one sees it; a screen reader is told of what comes, not of the past. */

import { hue } from "./names.js";
import { button, element, show, write } from "./text.js";
import * as words from "./words.js";

const NEAR_END = 48; // px from the end that count as the end
const NEAR_TOP = 1500; // px from the top at which earlier messages are asked for
const MOST_ROWS = 3000; // that are kept while one reads at the end
const MARKS = { pending: "On its way", stored: "Stored", failed: "Not stored" };

const minute = (ts) => Math.floor(ts / 60_000);

export class Log {
	atEnd = true;
	first = 0; // the first message that is here; 0 if there is none
	mention = /(?!)/gu; // what stands out in what is put in

	#more = false; // there are earlier messages
	#loading = false;
	#top = element("p", "top", "Connecting\u2026");
	#past = element("div", { className: "past", ariaLive: "off" });
	#present = element("div");
	#rows = new Map(); // id -> row
	#waiting = new Map(); // key -> row of what is not stored yet
	#newLine = null;
	#presence = null; // the note of who came and went, while it is the last of all
	#scrolled = 0;

	/** `owner` is asked to loadEarlier(), retry(key), edit(key), and told reachedEnd(), tooLong(). */
	constructor(owner) {
		this.owner = owner;
		this.element = element(
			"div",
			{ className: "log", role: "log", ariaLabel: "Messages", tabIndex: 0 },
			this.#top,
			this.#past,
			this.#present,
		);
		this.element.setAttribute("aria-relevant", "additions");
		this.element.addEventListener("scroll", () => this.#onScroll(), { passive: true });
		new ResizeObserver(() => this.#settle()).observe(this.element);
	}

	reset(page) {
		this.#past.replaceChildren();
		this.#present.replaceChildren(...this.#waiting.values());
		this.#rows.clear();
		this.#newLine = this.#presence = null;
		this.first = 0;
		this.earlier(page);
		this.#settle();
	}

	earlier({ messages, more }) {
		const fragment = document.createDocumentFragment();
		for (const message of messages) {
			if (!this.#rows.has(message.id)) this.#dress(fragment.appendChild(this.#row(message)));
		}
		const boundary = this.#past.firstElementChild ?? this.#present.firstElementChild;
		const before = this.#past.getBoundingClientRect().bottom;
		this.#past.prepend(fragment);
		this.#dressFrom(boundary);
		this.first = messages[0]?.id ?? this.first;
		this.#sayTop(more);
		this.element.scrollTop += this.#past.getBoundingClientRect().bottom - before;
		this.loaded();
	}

	loaded() {
		this.#loading = false;
		this.#fill();
	}

	#sayTop(more) {
		this.#more = more;
		if (more) show(this.#top, "Earlier messages come as you scroll up");
		else show(this.#top, this.first > 1 ? "What was said before is no longer kept" : "This is where the room begins");
	}

	add(messages) {
		const fresh = messages.filter(({ id }) => !this.#rows.has(id));
		for (const message of fresh) this.#append(this.#row(message));
		if (this.atEnd && this.#rows.size > MOST_ROWS) this.owner.tooLong();
		this.#settle();
		return fresh;
	}

	#append(row) {
		const [waiting = null] = this.#waiting.values();
		// a row that is put where it stands would be told a second time
		if (!row.parentNode || row.nextSibling !== waiting) this.#present.insertBefore(row, waiting);
		this.#dressFrom(row);
		this.#dressFrom(waiting);
		this.#presence = null;
		if (row.said) this.first ||= row.said.id;
	}

	note(className, ...content) {
		this.#append(element("p", `note ${className}`, ...content));
		this.#settle();
	}

	tellPresence(...content) {
		if (!this.#presence || this.#presence.childNodes.length > 24) {
			const line = element("p", "note presence");
			this.#append(line);
			this.#presence = line;
		}
		this.#presence.append(element("span", "", ...content));
		this.#settle();
	}

	wait({ key, text, at, failed }, user) {
		const row = this.#row({ ts: at, user, message: text }, "own");
		this.#waiting.set(key, row);
		this.#present.append(row);
		this.#dress(row);
		this.#presence = null;
		this.pending(key, failed);
	}

	stored(key, { id, ts, user }) {
		const row = this.#waiting.get(key);
		if (!row || this.#rows.has(id)) return this.forget(key);
		this.#waiting.delete(key);
		row.said = { id, ts, user };
		this.#rows.set(id, row);
		this.#mark(row, "stored");
		this.#append(row);
		this.#settle();
	}

	pending(key, failed) {
		const row = this.#waiting.get(key);
		this.#mark(row, failed ? "failed" : "pending");
		if (failed) {
			const retry = button("Retry", "", () => this.owner.retry(key));
			const edit = button("Edit", "plain", () => this.owner.edit(key));
			row.append(element("div", "retry", failed, retry, edit));
		}
		this.#settle();
	}

	forget(key) {
		const row = this.#waiting.get(key);
		const next = row?.nextElementSibling;
		this.#waiting.delete(key);
		row?.remove();
		this.#dressFrom(next);
	}

	markNew(id) {
		const row = this.#rows.get(Math.max(id, this.first));
		if (!row) return;
		this.unmarkNew();
		this.#newLine = element("p", "new", "New");
		const before = row.previousElementSibling;
		(before?.className === "day" ? before : row).before(this.#newLine);
		this.#dress(row);
		this.#settle();
	}

	unmarkNew() {
		const next = this.#newLine?.nextElementSibling;
		this.#newLine?.remove();
		this.#newLine = null;
		this.#dressFrom(next);
	}

	#row({ id, ts, user, message }, own) {
		const text = element("div", { className: "text", dir: "auto" });
		write(text, message, this.mention);
		const row = element("div", `row ${own ?? (text.querySelector(".meant") ? "mention" : "")}`, text);
		row.said = { id, ts, user };
		if (id) this.#rows.set(id, row);
		return row;
	}

	#mark(row, state) {
		row.querySelector(".retry")?.remove();
		row.dataset.state = state;
		const mark = row.querySelector(".mark") ?? row.appendChild(element("span", { className: "mark", role: "img" }));
		mark.ariaLabel = MARKS[state];
	}

	#before(node) {
		return node.previousElementSibling ?? (node.parentNode === this.#present ? this.#past.lastElementChild : null);
	}

	#dress(row) {
		const { ts, user } = row.said;
		if (row.previousElementSibling?.className === "day") row.previousElementSibling.remove();
		const before = this.#before(row);
		let earlier = before;
		while (earlier && !earlier.said) earlier = this.#before(earlier);
		const day = words.dayOf(ts);
		const sameDay = earlier && words.dayOf(earlier.said.ts) === day;
		if (!sameDay) row.before(element("p", "day", day));
		const goesOn = sameDay && earlier === before && earlier.said.user === user && minute(earlier.said.ts) === minute(ts);
		row.classList.toggle("head", !goesOn);
		const byline = row.querySelector(".byline");
		if (!goesOn && byline?.of === user + minute(ts)) return;
		byline?.remove();
		if (!goesOn) row.prepend(this.#byline(user, ts));
	}

	#dressFrom(node) {
		while (node && !node.said) node = node.nextElementSibling;
		if (node) this.#dress(node);
	}

	#byline(user, ts) {
		const time = element("time", { dateTime: new Date(ts).toISOString() }, words.timeOf(ts));
		const line = element("div", "byline", element("bdi", `who ${hue(user)}`, user), " ", time);
		line.prepend(door(user));
		line.of = user + minute(ts);
		return line;
	}

	shown(unread) {
		if (this.atEnd) this.toEnd();
		else this.element.scrollTop = this.#scrolled;
		if (unread && this.#newLine) {
			const above = this.element.getBoundingClientRect().top - this.#newLine.getBoundingClientRect().top;
			if (above > 0) this.element.scrollTop -= above + this.element.clientHeight / 3;
		}
		this.#onScroll();
	}

	toEnd() {
		this.atEnd = true;
		this.element.scrollTop = this.element.scrollHeight;
	}

	#settle() {
		if (this.atEnd && this.element.isConnected) this.toEnd();
	}

	#onScroll() {
		if (!this.element.isConnected) return;
		const { scrollTop, scrollHeight, clientHeight } = this.element;
		const was = this.atEnd;
		this.#scrolled = scrollTop;
		this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
		if (this.atEnd !== was) this.owner.reachedEnd();
		this.#fill();
	}

	#fill() {
		if (!this.#more || this.#loading || !this.element.isConnected || this.element.scrollTop > NEAR_TOP) return;
		this.#loading = true;
		this.owner.loadEarlier();
	}
}

export function door(nick) {
	const sign = element("span", { className: `door ${hue(nick)}`, ariaHidden: "true" });
	sign.dataset.initial = [...nick][0].toUpperCase();
	return sign;
}
