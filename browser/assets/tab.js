/** Which tabs of this browser have the chat open: each has a session of its own. */

import { scope } from "./address.js";
import * as store from "./store.js";

const ANSWERING_TIME = 80; // ms that other tabs have to answer

export const unique = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");

/** Return our id, and those of the others; a duplicated tab has brought along another's id. */
export async function introduce() {
	const others = new Set();
	let id = "";
	const channel = new BroadcastChannel(`${scope}tabs`);
	channel.onmessage = ({ data }) => {
		if (data) others.add(data);
		else if (id) channel.postMessage(id);
	};
	channel.postMessage("");
	await new Promise((resolve) => setTimeout(resolve, ANSWERING_TIME));
	const old = store.ofTab("id");
	id = old && !others.has(old) ? old : unique();
	store.keepOfTab(id, "id");
	return { id, others };
}
