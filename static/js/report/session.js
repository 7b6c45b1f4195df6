// The session is over: the password may be given now or later; what was reported stays on the phone and waits.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { askPassword } from "../ui/sign_in_dialog.js";
import { toast } from "../ui/toast.js";
import { CHANNEL, forget } from "./forget.js";
import { line } from "./line.js";

let asking = null;

/** Asks for the password once; "later" leaves everything as it is. */
export function askAgain() {
  asking ??= askPassword({ kept: "rep.kept", later: true }).then((done) => {
    asking = null;
    if (done) page.set({ signedOut: false });
  });
  return asking;
}

/** Asks when the server first refuses; and hears when somebody leaves in another tab. */
export function watchSession() {
  page.on("signedOut", () => page.signedOut && askAgain());
  if (!("BroadcastChannel" in globalThis)) return;
  new BroadcastChannel(CHANNEL).addEventListener("message", ({ data }) => {
    if (data === "out") location.reload();
  });
}

/** Signs out: the session ends, then the phone forgets. Without a network the session would go on: nothing happens then. */
export async function signOut() {
  try {
    await line.leave();
  } catch {
    toast(t("rep.leave-offline"), { kind: "bad" });
    return;
  }
  await forget((account) => account === boot.account.name);
  location.assign(boot.urls.sign_in);
}

/** Whoever worked here before with another account leaves nothing but reports on their way. */
export async function forgetOthers() {
  await forget((account) => account !== boot.account.name).catch(() => {});
}

