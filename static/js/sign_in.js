// The sign-in page: show or hide the password, switch the theme.
import { CHANNEL, forget, forgetPage } from "./report/forget.js";
import { theme } from "./ui/theme.js";

const reveal = document.getElementById("reveal");
const password = document.getElementById("password");
reveal.hidden = false;
reveal.addEventListener("click", () => {
  const shown = password.type === "text";
  password.type = shown ? "password" : "text";
  reveal.textContent = shown ? document.body.dataset.show : document.body.dataset.hide;
  reveal.setAttribute("aria-pressed", String(!shown));
});

const button = document.getElementById("theme");
const name = () => {
  button.textContent = theme.now() === "dark" ? button.dataset.light : button.dataset.dark;
};
button.hidden = false;
button.addEventListener("click", () => {
  theme.set(theme.now() === "dark" ? "light" : "dark");
  name();
});
name();

// Locked: counts the minutes down, and says when one may try again.
const locked = document.querySelector("[data-minutes]");
if (locked) {
  const until = Date.now() + Number(locked.dataset.minutes) * 60_000;
  const timer = setInterval(() => {
    const minutes = Math.ceil((until - Date.now()) / 60_000);
    locked.textContent = minutes > 0 ? locked.dataset.words.replace("{minutes}", minutes) : locked.dataset.over;
    if (minutes <= 0) clearInterval(timer);
  }, 5_000);
}

// Nobody is signed in here: the phone page no longer starts without a network. After a sign-out it forgets all it showed.
if ("left" in document.body.dataset) {
  forget();
  if ("BroadcastChannel" in globalThis) new BroadcastChannel(CHANNEL).postMessage("out");
} else forgetPage().catch(() => {});
