/** Names: which are the same, and what others can be tried. */

/** What names are compared by; the server's rule (RFC 8266) but for rare scripts. */
export function fold(name) {
  return name.normalize("NFKC").trim().replace(/\s+/gu, " ").toLowerCase();
}

/** A nick for someone who has none yet. */
export function anyNick() {
  return `User${1000 + Math.floor(Math.random() * 9000)}`;
}

/** A nick near the wanted one that nobody among the users has. */
export function nickNear(wanted, users) {
  const taken = new Set(users.map(fold));
  const stem = [...wanted].slice(0, 29).join("");
  for (let number = 2; ; number++) {
    if (!taken.has(fold(stem + number))) return stem + number;
  }
}

/** One of eight colours, always the same for a name. */
export function hue(name) {
  let sum = 7;
  for (const character of fold(name)) sum = (sum * 31 + character.codePointAt(0)) % 65521;
  return `hue${sum % 8}`;
}

const graphemes = Intl.Segmenter && new Intl.Segmenter();

/** The first letter, as one sees it. */
export function initial(name) {
  const [first] = graphemes ? graphemes.segment(name) : name;
  return (first?.segment ?? first ?? "").toUpperCase();
}
