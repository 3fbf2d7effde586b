import type { InboxEvent } from "../../../shared/protocol/operator.ts";
import type { ConsoleModel } from "../model/console-model.ts";
import { texts } from "../texts.ts";
import { playChime } from "./chime.ts";

const alertsOn = "parley-console-alerts";
const oneOfThem = "parley-console-alerts";

/**
 * Tells an operator who looks elsewhere that a visitor waits, or answered: by a sound, and by a notification of the browser while
 * the page is not looked at. It holds no words of visitors, since it may stand on a locked screen.
 */
export class Alerts {
  readonly #model: ConsoleModel;
  readonly #open: (conversationId: string) => void;
  readonly #changed: () => void;
  /** True in one of all tabs: the others stay silent. */
  #speaks = false;
  /** @param open shows a conversation */
  constructor(model: ConsoleModel, open: (conversationId: string) => void, changed: () => void) {
    this.#model = model;
    this.#open = open;
    this.#changed = changed;
    this.#lead(document.hasFocus());
    window.addEventListener("focus", () => {
      if (!this.#speaks) this.#lead(true);
    });
  }

  /** True where this browser gives them: any of its tabs may have been asked. */
  get on(): boolean {
    return localStorage.getItem(alertsOn) !== null;
  }

  /** Turned on by a click, which browsers want for both sound and permission. */
  readonly turn = async (): Promise<void> => {
    if (this.on) localStorage.removeItem(alertsOn);
    else localStorage.setItem(alertsOn, "1");
    this.#changed();
    if (!this.on) return;
    playChime();
    // Absent in the browsers of some phones.
    if ("Notification" in globalThis) await Notification.requestPermission();
    this.#changed();
  };

  /** Called with each event of the inbox. */
  receive(event: InboxEvent): void {
    const what = this.#newsOf(event);
    if (what === undefined || !this.on || !this.#speaks) return;
    playChime();
    if (document.hidden || !document.hasFocus()) this.#notify(what.text, what.conversationId);
  }

  #newsOf(event: InboxEvent): { text: string; conversationId: string } | undefined {
    const { me, open, queue } = this.#model;
    if (!this.#model.mayChange) return undefined;
    if (event.event === "handling") {
      const { conversationId, handledBy, notice, operatorId } = event.data;
      const isMine = handledBy === "operator" && operatorId === me?.id;
      if (handledBy === "waiting" && notice?.code === "waiting") return { text: texts.alerts.waits, conversationId };
      const byMyself = open?.id === conversationId && document.hasFocus();
      return isMine && !byMyself ? { text: texts.alerts.assigned, conversationId } : undefined;
    }
    if (event.event !== "message" || event.data.sender !== "user") return undefined;
    const { conversationId } = event.data;
    const isRead = open?.id === conversationId && open.isRead && document.hasFocus();
    return isRead || !queue.isMine(conversationId) ? undefined : { text: texts.alerts.answered, conversationId };
  }

  /** Lets this tab speak: now if it is looked at, as it knows what is read there; else once no other does. */
  #lead(now: boolean): void {
    // Without TLS there are no locks: then each tab speaks.
    if (!("locks" in navigator)) {
      this.#speaks = true;
      return;
    }
    const held = new Promise<never>(() => undefined);
    const speak = () => {
      this.#speaks = true;
      return held;
    };
    navigator.locks.request(oneOfThem, { steal: now }, speak).catch(() => {
      this.#speaks = false;
      this.#lead(false);
    });
  }

  #notify(text: string, conversationId: string): void {
    if (!("Notification" in globalThis) || Notification.permission !== "granted") return;
    try {
      // One for each conversation, the newest.
      const shown = new Notification(text, { tag: conversationId, body: texts.alerts.open });
      shown.addEventListener("click", () => {
        window.focus();
        this.#open(conversationId);
        shown.close();
      });
    } catch {
      // Browsers of phones allow it to service workers alone. The sound was there.
    }
  }
}
