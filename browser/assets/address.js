/** Where things are: all is derived from where this page came from. */

const base = new URL("..", import.meta.url);

// Routes of the service: the link of a room of such a name is /?room=NAME.
const ROUTES = "assets chat echo favicon.ico feed healthz socket.io".split(" ");

export const scope = `roomful:${base.pathname}:`;

export function roomHere() {
	const asked = new URLSearchParams(location.search).get("room");
	if (asked) return asked;
	try {
		return decodeURIComponent(location.pathname.slice(base.pathname.length)).replace(/\/$/, "");
	} catch {
		return "";
	}
}

export function linkTo(room) {
	const word = encodeURIComponent(room);
	const asQuery = ROUTES.includes(room.toLowerCase()) || /^\.+$|[/\\]/.test(room);
	return new URL(asQuery ? `?room=${word}` : `./${word}`, base).href;
}

export function doorOf(path, query) {
	const url = new URL(`${path}?${new URLSearchParams(query)}`, base);
	url.protocol = url.protocol.replace("http", "ws");
	return url.href;
}
