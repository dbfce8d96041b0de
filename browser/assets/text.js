/** What people wrote, as nodes: text stays text; only web addresses and mentions stand out. */

const ADDRESS = /\bhttps?:\/\/[^\s<>"\u201C\u201D]+/giu;
const PAIRS = { ")": "(", "]": "[", "}": "{" };

/** Make an element: its class, and what is in it. */
export function element(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** Where a nick is meant: "@nick", or the word by itself if it is not too short. */
export function mentionOf(nick) {
  const name = nick.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const at = [...nick].length < 3 ? "@" : "@?";
  return new RegExp(`(?<![\\p{L}\\p{N}_@])${at}${name}(?![\\p{L}\\p{N}_])`, "giu");
}

/** What of an address is not part of it: the sentence's own marks at the end. */
function trimmed(address) {
  for (;;) {
    const last = address.at(-1);
    const opening = PAIRS[last];
    const alone = opening && address.split(opening).length < address.split(last).length;
    if (!alone && !/[.,;:!?'*_~\u00BB\u2026\u3002]/u.test(last)) return address;
    address = address.slice(0, -1);
  }
}

function link(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return address;
  }
  const made = element("a", "", address);
  made.href = url.href;
  made.rel = "noopener noreferrer nofollow";
  made.target = "_blank";
  made.dir = "auto";
  return made;
}

/** Put a text into an element. */
export function write(into, text, mention) {
  let from = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = trimmed(found);
    writeWords(into, text.slice(from, index), mention);
    into.append(link(address));
    from = index + address.length;
  }
  writeWords(into, text.slice(from), mention);
}

function writeWords(into, words, mention) {
  let from = 0;
  for (const { 0: found, index } of words.matchAll(mention)) {
    into.append(words.slice(from, index), element("b", "meant", found));
    from = index + found.length;
  }
  if (from < words.length) into.append(words.slice(from));
}
