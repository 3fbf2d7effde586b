import type { OperatorApi } from "../client/operator-api.ts";

/** The service forgets a presence after 150 s. */
const beatMs = 60_000;
/** Nobody is there who has not touched the console for so long. */
const idleMs = 15 * 60_000;
const kept = "parley-console-away";

/** Whether the operator is there to answer: said by a switch, and by not having gone away. */
export class Presence {
  /** As the switch says. */
  away = localStorage.getItem(kept) !== null;
  /** True while nothing was touched for long. */
  idle = false;
  readonly #api: OperatorApi;
  readonly #changed: () => void;
  #may = false;
  #touchedAt = Date.now();
  #said: "online" | "away" | undefined;

  constructor(api: OperatorApi, changed: () => void) {
    this.#api = api;
    this.#changed = changed;
  }

  get online(): boolean {
    return !this.away && !this.idle;
  }

  begin(may: boolean): void {
    if (this.#may || !may) return;
    this.#may = true;
    this.beat();
    // The switch is one for all tabs.
    window.addEventListener("storage", ({ key, newValue }) => {
      if (key !== kept) return;
      this.away = newValue !== null;
      this.#changed();
    });
    setInterval(() => this.beat(), beatMs);
    for (const event of ["pointerdown", "keydown", "scroll"]) {
      document.addEventListener(event, this.#touch, { capture: true, passive: true });
    }
  }

  setAway(away: boolean): void {
    this.away = away;
    if (away) localStorage.setItem(kept, "1");
    else localStorage.removeItem(kept);
    this.beat();
    this.#changed();
  }

  /** Says who is there; one that is away says so once. */
  beat(): void {
    if (!this.#may) return;
    const idle = Date.now() - this.#touchedAt > idleMs;
    if (idle !== this.idle) {
      this.idle = idle;
      this.#changed();
    }
    const state = this.online ? "online" : "away";
    if (state === "away" && this.#said === "away") return;
    this.#api.presence(state).then(
      () => (this.#said = state),
      // The next beat says it again.
      () => (this.#said = undefined),
    );
  }

  readonly #touch = (): void => {
    this.#touchedAt = Date.now();
    if (this.idle) this.beat();
  };
}
