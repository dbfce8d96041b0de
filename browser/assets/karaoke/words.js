/** What the panel says, in words. */

import { timeOf } from "../words.js";

export const clock = (moment) => timeOf(moment * 1000); // in seconds since 1970
export const titled = ({ title, artist }) => `\u201C${title}\u201D${artist && artist !== "Unknown" ? ` by ${artist}` : ""}`;

export function refusal({ type, msg, end_time: end }) {
	if (type === "QUEUE_FULL") return end ? `The queue is full: no song starts after ${clock(end)}.` : "The queue is full.";
	if (type === "WAITING_ROOM_FORCED") return "Here everybody waits until their last song is sung.";
	if (type === "NO_ADMIN") return "Only an admin can do that: give the secret again.";
	if (type === "NOT_IN_ROOM") return "This room has no song queue any more.";
	if (type === "JSON_MALFORMED") return "The settings could not be read.";
	return msg || "That did not work. Try again.";
}
