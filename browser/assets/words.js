/** What the page says, in words. */

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const clock = format({ timeStyle: "short" });
const day = format({ dateStyle: "full" });

const DEPARTURES = [
	"left through the window",
	"fell through the trapdoor",
	"tripped over the cable",
	"slipped out without a goodbye",
];

export const timeOf = (ts) => clock.format(ts);
export const dayOf = (ts) => day.format(ts);
export const many = (amount, thing) => `${amount.toLocaleString()} ${thing}${amount === 1 ? "" : "s"}`;

export function departure(reason) {
	if (reason === "moved") return " went to another room";
	if (reason === "restart") return " did not come back";
	if (reason !== "lost") return " left";
	return ` ${DEPARTURES[Math.floor(Math.random() * DEPARTURES.length)]}. Shame! \u{1F648}`;
}

export const caughtUp = (missed) =>
	`Back again: caught up, ${missed ? many(missed, "message") : "no new messages"}, nothing missing.`;

export function gone({ from, to }, renewed) {
	if (renewed) return "Back again: the server has a new log; what was missed is gone.";
	return `${from === to ? `Message ${from} is` : `Messages ${from} to ${to} are`} gone: the server has them no more.`;
}
