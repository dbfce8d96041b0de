/** How one is called from elsewhere: the title, a notification, a sound. */

import * as store from "./store.js";

const buttons = { notify: document.getElementById("notify"), sound: document.getElementById("sound") };

let audio = null;

export function listen() {
  buttons.notify.hidden = !("Notification" in window && window.isSecureContext);
  buttons.notify.addEventListener("click", async () => {
    const wanted = !on("notify");
    const allowed = wanted && (await Notification.requestPermission()) === "granted";
    set("notify", allowed);
    if (wanted && !allowed) buttons.notify.title = "The browser does not allow notifications from here";
  });
  buttons.sound.addEventListener("click", () => {
    set("sound", !on("sound"));
    if (on("sound")) ring();
  });
  for (const which of Object.keys(buttons)) set(which, store.option(which) && permitted(which));
}

const permitted = (which) => which !== "notify" || window.Notification?.permission === "granted";
const on = (which) => buttons[which].getAttribute("aria-pressed") === "true";

function set(which, value) {
  buttons[which].setAttribute("aria-pressed", String(value));
  store.keepOption(which, value);
}

/** Call the person for a message in a room; `visit` leads there. */
export function call(room, { user, message }, visit) {
  if (on("sound")) ring();
  if (!on("notify") || (room.looking && document.hasFocus())) return;
  try {
    const called = new Notification(`${user} in ${room.name}`, { body: message.slice(0, 200), tag: room.name });
    called.onclick = () => {
      window.focus();
      visit();
      called.close();
    };
  } catch {
    // some systems know notifications only from workers
  }
}

/** Two soft tones. */
function ring() {
  try {
    audio ??= new AudioContext();
    audio.resume();
    [660, 880].forEach((pitch, index) => {
      const begin = audio.currentTime + index * 0.12;
      const [tone, volume] = [audio.createOscillator(), audio.createGain()];
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, begin);
      volume.gain.exponentialRampToValueAtTime(0.15, begin + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, begin + 0.3);
      tone.connect(volume).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + 0.32);
    });
  } catch {
    // without a way to make sounds there is none
  }
}

/** Show in the title where one is, and what is unread. */
export function title(name, rooms) {
  const unread = rooms.reduce((sum, room) => sum + room.unread, 0);
  const meant = rooms.some((room) => room.mentions) ? "@" : "";
  const text = `${unread ? `(${meant}${unread}) ` : ""}${name} \u00B7 Roomful`;
  if (document.title !== text) document.title = text;
}
