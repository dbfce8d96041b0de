/** What people wrote, as nodes: text stays text; only web addresses and mentions stand out. */

const ADDRESS = /\bhttps?:\/\/[^\s<>"\u201C\u201D]+/giu;

export const at = (id) => document.getElementById(id);

export function element(tag, properties, ...content) {
	const made = document.createElement(tag);
	Object.assign(made, typeof properties === "string" ? { className: properties } : properties);
	made.append(...content);
	return made;
}

export const bdi = (name) => element("bdi", "", name);

export function button(text, className, onclick) {
	return element("button", { className, onclick }, text);
}

export function show(place, text) {
	if (place.textContent !== text) place.textContent = text;
}

export function mentionOf(nick) {
	const name = nick.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
	const sign = [...nick].length < 3 ? "@" : "@?";
	return new RegExp(`(?<![\\p{L}\\p{N}_@])${sign}${name}(?![\\p{L}\\p{N}_])`, "giu");
}

function trimmed(address) {
	const alone = address.endsWith(")") && address.split("(").length < address.split(")").length;
	return alone || /[.,;:!?'*_~\]}\u00BB\u2026\u3002]$/.test(address) ? trimmed(address.slice(0, -1)) : address;
}

export function write(into, text, mention) {
	let from = 0;
	for (const { 0: found, index } of text.matchAll(ADDRESS)) {
		const href = trimmed(found);
		if (!URL.canParse(href)) continue;
		writeWords(into, text.slice(from, index), mention);
		into.append(element("a", { href, rel: "noopener noreferrer nofollow", target: "_blank", dir: "auto" }, href));
		from = index + href.length;
	}
	writeWords(into, text.slice(from), mention);
}

function writeWords(into, words, mention) {
	let from = 0;
	for (const { 0: found, index } of words.matchAll(mention)) {
		into.append(words.slice(from, index), element("b", "meant", found));
		from = index + found.length;
	}
	into.append(words.slice(from));
}
