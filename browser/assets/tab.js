/** Which tabs of this browser have the chat open: each has a session of its own. */

import { scope } from "./address.js";
import * as store from "./store.js";

const ANSWERING_TIME = 80; // ms that other tabs have to answer

/** Some characters that nobody else has. */
export function unique() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
}

/**
 * Find out who we are: {id, copied, others}, where others are the ids of the other tabs.
 * A duplicated tab brings the storage of a living one: it is copied, and gets an id of its own.
 */
export async function introduce() {
  const others = new Set();
  let id = store.ownId();
  if (typeof BroadcastChannel === "function") {
    const channel = new BroadcastChannel(`${scope}tabs`);
    channel.onmessage = ({ data }) => {
      if (data.here) others.add(data.here);
      else if (data.who && id) channel.postMessage({ here: id, to: data.who });
    };
    const asked = id;
    id = "";
    channel.postMessage({ who: unique() });
    await new Promise((resolve) => setTimeout(resolve, ANSWERING_TIME));
    id = asked;
  }
  const copied = others.has(id);
  if (!id || copied) {
    id = unique();
    store.keepOwnId(id);
  }
  return { id, copied, others };
}
