import type { Passage } from "./passage.ts";

/** Box of passages. It is loaded when the visitor first turns to a number, and anew at the next turn if that failed. */
export class PassagePart {
  #box: Passage | undefined;
  /** The visitor's last turn to a number while it is being loaded. */
  #next: ((box: Passage) => void) | undefined;

  /** Does something with the box: now, or once it is loaded, unless the visitor has turned away by then. */
  turn(act: (box: Passage) => void): void {
    this.#next = act;
    if (this.#box) this.#act(this.#box);
    else void this.#load();
  }

  turnAway(act: (box: Passage) => void): void {
    this.#next = undefined;
    if (this.#box) act(this.#box);
  }

  /** @returns true if it was shown */
  hide(): boolean {
    this.#next = undefined;
    return this.#box?.hide() ?? false;
  }

  async #load(): Promise<void> {
    try {
      const part = await import("./passage.ts");
      this.#box ??= new part.Passage();
      this.#act(this.#box);
    } catch {
      this.#next = undefined;
    }
  }

  #act(box: Passage): void {
    this.#next?.(box);
    this.#next = undefined;
  }
}
