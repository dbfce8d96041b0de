/** What the page says, in words. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOfPast = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const number = new Intl.NumberFormat();

const DEPARTURES = [
  "left through the window",
  "fell through the trapdoor",
  "tripped over the cable",
  "went up in a puff of smoke",
  "slipped out without a goodbye",
  "was last seen in the chimney",
];

export const timeOf = (ts) => clock.format(ts);
export const momentOf = (ts) => exact.format(ts);
export const count = (amount) => number.format(amount);
export const many = (amount, thing) => `${count(amount)} ${thing}${amount === 1 ? "" : "s"}`;

export function dayOf(ts) {
  const date = new Date(ts);
  return (date.getFullYear() === new Date().getFullYear() ? dayOfYear : dayOfPast).format(date);
}

/** How somebody left: [words, whether it is a shame]. */
export function departure(reason) {
  if (reason === "moved") return ["went to another room", false];
  if (reason === "restart") return ["did not come back", false];
  if (reason === "kicked") return ["was put out", false];
  if (reason !== "lost") return ["left", false];
  return [`${DEPARTURES[Math.floor(Math.random() * DEPARTURES.length)]}. Shame! \u{1F648}`, true];
}

/** What happened while one was away. */
export function caughtUp(missed) {
  return missed
    ? `Back again: caught up, ${many(missed, "message")}, nothing missing.`
    : "Back again: caught up, no new messages, nothing missing.";
}

/** What cannot be had any more. */
export function gone({ from, to }, renewed) {
  if (renewed) return "Back again: the server has begun a new log, so what was missed cannot be told. Below is what it has.";
  if (from === to) return `Message ${count(from)} is gone: the server no longer keeps it.`;
  return `Messages ${count(from)} to ${count(to)} are gone: the server no longer keeps them.`;
}

export const taken = (wanted) => `The name ${wanted} cannot be had here, so you are `;
