/** Where things are: everything is derived from where this page came from. */

const base = new URL("..", import.meta.url);

/** Names that are routes of the service: such a room's link is /?room=NAME. */
const ROUTES = new Set([
  "assets", "chat", "echo", "favicon.ico", "feed", "healthz", "karaoke", "metrics",
  "robots.txt", "socket.io",
]);

/** What storage keys begin with: services under other prefixes keep theirs apart. */
export const scope = `roomful:${base.pathname}:`;

/** The room that the address names, or null. */
export function roomHere() {
  const asked = new URLSearchParams(location.search).get("room");
  if (asked) return asked;
  try {
    return decodeURIComponent(location.pathname.slice(base.pathname.length)).replace(/\/$/, "") || null;
  } catch {
    return null;
  }
}

/** The address of a room's page. */
export function linkTo(room) {
  const word = encodeURIComponent(room.toWellFormed?.() ?? room);
  const plain = !ROUTES.has(room.toLowerCase()) && !/^\.+$|[/\\]/.test(room);
  return new URL(plain ? `./${word}` : `?room=${word}`, base).href;
}

/** The address of the door for a room and a nick. */
export function doorOf(room, nick) {
  const url = new URL("chat", base);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("room", room);
  if (nick) url.searchParams.set("nick", nick);
  return url.href;
}
