/** The list of who is in the room, in order of arrival. */

import { fold, hue, initial } from "./names.js";
import { element } from "./text.js";
import * as words from "./words.js";

const list = document.getElementById("people-list");
const total = document.getElementById("people-count");

/** Show these people, and which of them is oneself; what stands already is left alone. */
export function show(people, self) {
  total.textContent = words.count(people.length);
  const standing = new Map(Array.from(list.children, (item) => [item.nick, item]));
  let place = list.firstElementChild;
  for (const nick of people) {
    let item = standing.get(nick);
    standing.delete(nick);
    if (!item) {
      const door = element("span", `door ${hue(nick)}`);
      door.dataset.initial = initial(nick);
      door.setAttribute("aria-hidden", "true");
      item = element("li", "", door, element("bdi", "", nick));
      item.nick = nick;
    }
    item.classList.toggle("self", nick === self);
    if (item === place) place = place.nextElementSibling;
    else list.insertBefore(item, place);
  }
  for (const item of standing.values()) item.remove();
}

/** Return the nicks that a beginning may mean, the likeliest first. */
export function meant(people, beginning, self) {
  const start = fold(beginning);
  const others = people.filter((nick) => nick !== self);
  const begins = others.filter((nick) => fold(nick).startsWith(start));
  const contains = others.filter((nick) => fold(nick).indexOf(start) > 0);
  return [...begins, ...contains].slice(0, 8);
}
