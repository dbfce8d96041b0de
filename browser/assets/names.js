/** Names: which are the same, what others can be tried, and how they look. */

/** What names are compared by: the server's rule (RFC 8266), but for rare scripts. */
export const fold = (name) => name.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase();

export const anyNick = () => `User${1000 + Math.floor(Math.random() * 9000)}`;

export function nickNear(wanted, users) {
	const taken = users.map(fold);
	const stem = [...wanted].slice(0, 29).join("");
	let number = 2;
	while (taken.includes(fold(stem + number))) number += 1;
	return stem + number;
}

export function hue(name) {
	let sum = 7;
	for (const letter of fold(name)) sum = (sum * 31 + letter.codePointAt(0)) % 65521;
	return `hue${sum % 8}`;
}
