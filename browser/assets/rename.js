/** One's own name, changed where it stands. */

const me = document.getElementById("me");
const nick = document.getElementById("nick");
const button = document.getElementById("change-name");
const form = document.getElementById("rename");
const input = document.getElementById("your-name");
const cancel = document.getElementById("rename-cancel");
const error = document.getElementById("rename-error");

/** `rename(name)` is asked to change it; it returns what is wrong, or "". */
export function listen({ rename }) {
  button.addEventListener("click", open);
  cancel.addEventListener("click", close);
  form.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wanted = input.value.trim();
    error.textContent = "";
    const wrong = wanted && wanted !== nick.textContent ? await rename(wanted) : "";
    if (!wrong) return close();
    error.textContent = wrong;
    input.setAttribute("aria-invalid", "true");
    input.focus();
  });
}

export function show(name) {
  if (nick.textContent !== name) nick.textContent = name;
}

function open() {
  me.hidden = true;
  form.hidden = false;
  input.value = nick.textContent;
  input.focus();
  input.select();
}

function close() {
  form.hidden = true;
  me.hidden = false;
  error.textContent = "";
  input.removeAttribute("aria-invalid");
  button.focus();
}
