/** Ends what follows a whole reply; a later, longer limit does not put off an earlier one. */
export class Tail {
  readonly #end: () => void;
  #ms = Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(end: () => void) {
    this.#end = end;
  }

  endWithin(ms: number): void {
    if (ms >= this.#ms) return;
    this.clear();
    this.#ms = ms;
    this.#timer = setTimeout(this.#end, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
