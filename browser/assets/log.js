/**
 * What was said in a room, as one sees it. The past is put in where a screen reader is not told;
 * what comes now is told once. Rows stand in the order of their numbers, what is not stored last.
 */

import { hue, initial } from "./names.js";
import { element, write } from "./text.js";
import * as words from "./words.js";

const NEAR_END = 48; // px from the end that count as the end
const NEAR_TOP = 1500; // px from the top at which earlier messages are asked for
const MOST_ROWS = 3000; // that are kept while one reads at the end
const FEWER_ROWS = 2000;

const MARKS = { pending: "On its way", stored: "Stored", failed: "Not stored" };

const isRow = (node) => node?.saying !== undefined;

export class Log {
  atEnd = true;
  first = 0; // the first message that is here; 0 if there is none
  more = false; // there are earlier ones

  #top = element("p", "top");
  #past = element("div", "past");
  #present = element("div", "present");
  #rows = new Map(); // id -> row
  #waiting = new Map(); // key -> row of what is not stored yet
  #newLine = null;
  #presence = null; // the note that tells of coming and going, if it is the last
  #wanted = null; // the nick whose mentions stand out
  #scrolled = 0;
  #loading = false;
  #skew = 0; // how far the server's clock is ahead, in ms

  /** `loadEarlier()` is to call `earlier`; `reachedEnd()` is told; `retry` and `edit` get a key. */
  constructor({ loadEarlier, reachedEnd, retry, edit }) {
    this.loadEarlier = loadEarlier;
    this.reachedEnd = reachedEnd;
    this.retry = retry;
    this.edit = edit;
    this.element = element("div", "log", this.#top, this.#past, this.#present);
    this.element.setAttribute("role", "log");
    this.element.setAttribute("aria-label", "Messages");
    this.element.setAttribute("aria-relevant", "additions");
    this.element.tabIndex = 0;
    this.#past.setAttribute("aria-live", "off");
    this.element.addEventListener("scroll", () => this.#onScroll(), { passive: true });
    new ResizeObserver(() => this.#settle()).observe(this.element);
  }

  /** Mentions of this stand out in what is put in from now on. */
  standOut(mention) {
    this.#wanted = mention;
  }

  // What comes in -------------------------------------------------------------------------------

  /** Begin anew with a page of the log; what waits stays. */
  reset({ messages, more }) {
    this.#keeping(() => {
      this.#past.replaceChildren();
      this.#rows.clear();
      this.#newLine = this.#presence = null;
      const kept = [...this.#present.children].filter((node) => isRow(node) && node.saying.key);
      this.#present.replaceChildren(...kept);
      this.first = 0;
      this.#prepend(messages, more);
      this.#dressFrom(this.#present.firstElementChild);
    });
    this.#fill();
  }

  /** Put an earlier page before what is here. */
  earlier({ messages, more }) {
    this.#loading = false;
    const before = this.#past.getBoundingClientRect().bottom;
    const boundary = this.#past.firstElementChild;
    this.#prepend(messages, more);
    this.#dressFrom(boundary ?? this.#present.firstElementChild);
    this.element.scrollTop += this.#past.getBoundingClientRect().bottom - before;
    this.#fill();
  }

  /** Earlier messages could not be had now. */
  notEarlier() {
    this.#loading = false;
  }

  #prepend(messages, more) {
    const fragment = document.createDocumentFragment();
    for (const { id, ts, user, message } of messages) {
      if (this.#rows.has(id)) continue;
      const row = this.#row({ id, ts, user, text: message });
      this.#rows.set(id, row);
      fragment.append(row);
      this.#dress(row);
    }
    this.#past.prepend(fragment);
    if (messages.length) this.first = messages[0].id;
    this.more = more;
    this.#sayTop();
  }

  #sayTop() {
    if (this.more) this.#top.textContent = "Earlier messages come as you scroll up";
    else if (this.first > 1) this.#top.textContent = "What was said before is no longer kept";
    else this.#top.textContent = "This is where the room begins";
  }

  /** Put new messages at the end. Returns those that were not here yet. */
  add(messages) {
    const fresh = messages.filter(({ id }) => !this.#rows.has(id));
    if (!fresh.length) return fresh;
    this.#keeping(() => {
      const waiting = this.#firstWaiting();
      for (const { id, ts, user, message } of fresh) {
        const row = this.#row({ id, ts, user, text: message });
        this.#rows.set(id, row);
        this.#present.insertBefore(row, waiting);
        this.#dress(row);
        this.first ||= id;
        this.#skew = ts - Date.now();
      }
      this.#dressFrom(waiting);
      this.#presence = null;
      this.#trim();
    });
    return fresh;
  }

  /** Tell something by the way, at the end. */
  note(className, ...content) {
    this.#keeping(() => {
      this.#present.insertBefore(element("p", `note ${className}`, ...content), this.#firstWaiting());
      this.#dressFrom(this.#firstWaiting());
      this.#presence = null;
    });
  }

  /** Tell that someone came or went; several in a row share a line. */
  tellPresence(...content) {
    if (!this.#presence || this.#presence.childNodes.length > 24) {
      this.note("presence", element("span", "", ...content));
      this.#presence = [...this.#present.querySelectorAll(".presence")].at(-1);
    } else {
      this.#keeping(() => this.#presence.append(element("span", "", ...content)));
    }
  }

  // What one says oneself -----------------------------------------------------------------------

  /** Show what is on its way. */
  wait({ key, text, at }, user) {
    this.#keeping(() => {
      const row = this.#row({ key, ts: at + this.#skew, user, text, own: true });
      this.#waiting.set(key, row);
      this.#present.append(row);
      this.#mark(row, "pending");
      this.#dress(row);
      this.#presence = null;
    });
  }

  /** Show that it is stored, or, if it is here as one of the others already, only once. */
  stored(key, { id, ts, user }) {
    const row = this.#waiting.get(key);
    if (!row) return;
    this.#waiting.delete(key);
    this.#keeping(() => {
      if (this.#rows.has(id)) {
        row.remove();
        return;
      }
      this.#rows.set(id, row);
      this.#skew = ts - Date.now();
      this.first ||= id;
      Object.assign(row.saying, { id, ts, user, key: "" });
      row.querySelector(".retry")?.remove();
      const waiting = this.#firstWaiting();
      if (waiting && waiting.compareDocumentPosition(row) & Node.DOCUMENT_POSITION_FOLLOWING) {
        this.#present.insertBefore(row, waiting);
      }
      this.#mark(row, "stored");
      this.#dress(row);
      this.#dressFrom(row.nextElementSibling);
    });
  }

  /** Show that it is on its way again. */
  pending(key) {
    const row = this.#waiting.get(key);
    row?.querySelector(".retry")?.remove();
    if (row) this.#mark(row, "pending");
  }

  /** Show why it could not be stored, and what can be done. */
  failed(key, why) {
    const row = this.#waiting.get(key);
    if (!row) return;
    this.#keeping(() => {
      this.#mark(row, "failed");
      row.querySelector(".retry")?.remove();
      const retry = element("button", "", "Retry");
      const edit = element("button", "plain", "Edit");
      retry.type = edit.type = "button";
      retry.onclick = () => this.retry(key);
      edit.onclick = () => this.edit(key);
      row.append(element("div", "retry", element("span", "", why), retry, edit));
    });
  }

  /** Take away what will not be said. */
  forget(key) {
    const row = this.#waiting.get(key);
    const next = row?.nextElementSibling;
    this.#waiting.delete(key);
    row?.remove();
    this.#dressFrom(next);
  }

  // The line above what is new ------------------------------------------------------------------

  /** Put the line above a message, or the first one that is here. */
  markNew(id) {
    const row = this.#rows.get(Math.max(id, this.first));
    if (!row) return;
    this.#keeping(() => {
      this.unmarkNew();
      const before = row.previousElementSibling;
      this.#newLine = element("p", "new", element("span", "", "New"));
      row.parentNode.insertBefore(this.#newLine, before?.className === "day" ? before : row);
      this.#dress(row);
    });
  }

  unmarkNew() {
    const next = this.#newLine?.nextElementSibling;
    this.#newLine?.remove();
    this.#newLine = null;
    this.#dressFrom(next);
  }

  // Rows ----------------------------------------------------------------------------------------

  #row({ id = 0, key = "", ts, user, text, own = false }) {
    const said = element("div", "text");
    said.dir = "auto";
    write(said, text, this.#wanted);
    const row = element("div", own ? "row own" : "row", said);
    if (!own && said.querySelector(".meant")) row.classList.add("mention");
    row.saying = { id, key, ts, user };
    return row;
  }

  #mark(row, state) {
    row.dataset.state = state;
    let mark = row.querySelector(".mark");
    if (!mark) {
      mark = element("span", "mark");
      mark.setAttribute("role", "img");
      row.append(mark);
    }
    mark.setAttribute("aria-label", MARKS[state]);
    mark.title = MARKS[state];
  }

  #firstWaiting() {
    for (const row of this.#waiting.values()) if (row.isConnected || row.parentNode) return row;
    return null;
  }

  #before(node) {
    return node.previousElementSibling ?? (node.parentNode === this.#present ? this.#past.lastElementChild : null);
  }

  /** Give a row its day line and its byline, as what stands before it asks for. */
  #dress(row) {
    const { ts, user } = row.saying;
    const day = new Date(ts).toDateString();
    let before = this.#before(row);
    if (before?.className === "day") {
      const line = before;
      before = this.#before(line);
      line.remove();
    }
    let earlier = before;
    while (earlier && !isRow(earlier)) earlier = this.#before(earlier);
    const sameDay = earlier && new Date(earlier.saying.ts).toDateString() === day;
    if (!sameDay) row.before(element("p", "day", element("span", "", words.dayOf(ts))));
    const goesOn =
      sameDay &&
      earlier === before &&
      earlier.saying.user === user &&
      Math.floor(earlier.saying.ts / 60_000) === Math.floor(ts / 60_000);
    row.classList.toggle("head", !goesOn);
    const byline = row.querySelector(".byline");
    if (goesOn) byline?.remove();
    else if (!byline || row.written !== `${user} ${ts}`) {
      byline?.remove();
      row.prepend(this.#byline(user, ts));
      row.written = `${user} ${ts}`;
    }
  }

  /** Dress the first row from here on; those after it stand as they did. */
  #dressFrom(node) {
    while (node && !isRow(node)) node = node.nextElementSibling;
    if (node) this.#dress(node);
  }

  #byline(user, ts) {
    const door = element("span", `door ${hue(user)}`);
    door.dataset.initial = initial(user);
    door.setAttribute("aria-hidden", "true");
    const time = element("time", "", words.timeOf(ts));
    time.dateTime = new Date(ts).toISOString();
    time.title = words.momentOf(ts);
    return element("div", "byline", door, element("bdi", `who ${hue(user)}`, user), " ", time);
  }

  // Where one reads -----------------------------------------------------------------------------

  /** Come into the document, where one was; the line above what is new is to be seen. */
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

  /** Make a change that leaves one at the end if one is there, and else where one is. */
  #keeping(change) {
    change();
    this.#settle();
  }

  #settle() {
    if (this.atEnd && this.element.isConnected) this.toEnd();
  }

  #onScroll() {
    if (!this.element.isConnected) return;
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    this.#scrolled = scrollTop;
    const was = this.atEnd;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.atEnd !== was) this.reachedEnd();
    this.#fill();
  }

  /** Ask for what was said before, if it is soon to be seen. */
  #fill() {
    if (!this.more || this.#loading || !this.element.isConnected) return;
    if (this.element.scrollTop > NEAR_TOP) return;
    this.#loading = true;
    this.loadEarlier();
  }

  /** Let go of old rows while one reads at the end. */
  #trim() {
    if (!this.atEnd || this.#rows.size <= MOST_ROWS) return;
    for (const [id, row] of [...this.#rows].sort(([one], [other]) => one - other)) {
      if (this.#rows.size <= FEWER_ROWS) break;
      while (this.#before(row)) this.#before(row).remove();
      row.remove();
      this.#rows.delete(id);
      this.first = id + 1;
    }
    this.more = true;
    this.#sayTop();
    this.#dressFrom(this.#past.firstElementChild ?? this.#present.firstElementChild);
  }
}
