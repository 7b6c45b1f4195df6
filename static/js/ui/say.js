// Speaking to those who do not look: one polite sentence at most once a second, errors at once.

const GAP_MS = 1000;
const polite = document.getElementById("spoken");
const alarm = document.getElementById("alarm");
let waiting = null,
  timer = null,
  last = 0;

function flush() {
  timer = null;
  last = Date.now();
  if (waiting !== null) polite.textContent = waiting;
  waiting = null;
}

export const say = {
  /** @param {string} sentence */
  politely(sentence) {
    if (sentence === polite.textContent) return;
    waiting = sentence;
    timer ??= setTimeout(flush, Math.max(0, GAP_MS - (Date.now() - last)));
  },
  /** @param {string} sentence */
  now(sentence) {
    alarm.textContent = "";
    alarm.textContent = sentence;
  },
};
