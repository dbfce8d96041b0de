/** Where one writes: a draft a room, Enter to send, @ to mean somebody. */

import * as people from "./people.js";
import * as store from "./store.js";
import { element } from "./text.js";
import * as words from "./words.js";

const form = document.getElementById("compose");
const box = document.getElementById("message");
const names = document.getElementById("names");
const error = document.getElementById("compose-error");

const UNSAYABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g; // what the server refuses
const BEGINNING = /(?:^|[\s(])@([^\s@]*)$/u;

let room = null;
let send = () => {};
let chosen = 0;

/** `say(text)` is told what is to be sent. */
export function listen({ say }) {
  send = say;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  box.addEventListener("input", () => {
    store.keepDraft(room.name, box.value);
    check();
    grow();
    suggest();
  });
  box.addEventListener("keydown", onKey);
  box.addEventListener("blur", () => hide());
  box.addEventListener("click", suggest);
  names.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) complete(option);
  });
}

/** Write in this room from now on. */
export function turnTo(other) {
  room = other;
  box.value = store.draft(room.name);
  check();
  grow();
  hide();
}

export function focus() {
  box.focus({ preventScroll: true });
}

/** Give back a text that was not said, before what is there. */
export function giveBack(text) {
  box.value = box.value ? `${text}\n${box.value}` : text;
  store.keepDraft(room.name, box.value);
  check();
  grow();
  focus();
}

function submit() {
  const text = box.value.replace(UNSAYABLE, "").replace(/^\n+|\s+$/g, "");
  if (!text || !check()) return focus();
  send(text.toWellFormed?.() ?? text);
  box.value = "";
  store.keepDraft(room.name, "");
  grow();
  hide();
  focus();
}

/** Say how much too long it is; return whether it may be sent. */
function check() {
  const most = room.connection.limits.message;
  const length = box.value.length > most ? [...box.value.trimEnd()].length : 0;
  const text = length > most ? `At most ${words.count(most)} characters at once: ${words.count(length - most)} too many.` : "";
  if (error.textContent !== text) error.textContent = text;
  return !text;
}

/** As high as what is in it; the style sheet sets the bounds. */
function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
}

function onKey(event) {
  if (event.isComposing || event.keyCode === 229) return;
  if (!names.hidden && onNamesKey(event.key)) event.preventDefault();
  else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  }
}

// Completion --------------------------------------------------------------------------------------

/** Do with the names what a key asks for; return whether it asked for something. */
function onNamesKey(key) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (step) choose((chosen + step + names.children.length) % names.children.length);
  else if (key === "Enter" || key === "Tab") complete(names.children[chosen]);
  else if (key === "Escape") hide();
  else return false;
  return true;
}

function suggest() {
  const beginning = BEGINNING.exec(box.value.slice(0, box.selectionStart));
  const nicks = beginning ? people.meant(room.people, beginning[1], room.nick) : [];
  if (!nicks.length) return hide();
  names.replaceChildren(
    ...nicks.map((nick, index) => {
      const option = element("div", "", element("bdi", "", nick));
      option.setAttribute("role", "option");
      option.id = `name-${index}`;
      option.nick = nick;
      return option;
    }),
  );
  names.hidden = false;
  box.setAttribute("aria-controls", "names");
  choose(0);
}

function choose(index) {
  chosen = index;
  [...names.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  box.setAttribute("aria-activedescendant", `name-${index}`);
  names.children[index].scrollIntoView({ block: "nearest" });
}

function hide() {
  if (names.hidden) return;
  names.hidden = true;
  names.replaceChildren();
  box.removeAttribute("aria-activedescendant");
  box.removeAttribute("aria-controls");
}

function complete({ nick }) {
  const end = box.selectionStart;
  const begin = box.value.slice(0, end).lastIndexOf("@");
  box.setRangeText(`@${nick} `, begin, end, "end");
  store.keepDraft(room.name, box.value);
  hide();
}
