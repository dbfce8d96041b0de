/** One's own name, changed where it stands. */

import { at, show as showText } from "./text.js";

const form = at("rename");
const input = at("your-name");

export function listen({ rename }) {
	at("change-name").addEventListener("click", () => {
		turn(true);
		input.value = at("nick").textContent;
		input.select();
	});
	at("rename-cancel").addEventListener("click", () => turn(false));
	form.addEventListener("keydown", ({ key }) => key === "Escape" && turn(false));
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		const wanted = input.value.trim();
		const wrong = wanted && (await rename(wanted));
		if (!wrong) return turn(false);
		at("rename-error").textContent = wrong;
		input.focus();
	});
}

export const show = (name) => showText(at("nick"), name);

function turn(open) {
	at("me").hidden = open;
	form.hidden = !open;
	at("rename-error").textContent = "";
	(open ? input : at("change-name")).focus();
}
