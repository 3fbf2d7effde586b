/** As `services/worker/providers/circuit.ts` has them. */
const failuresInARow = 5;
const firstPauseMs = 2000;
const longestPauseMs = 60_000;

/**
 * The circuit that a worker's process has for a provider. A probe asks only whether anybody answers there, and a provider
 * that refuses calls does: so a probe always closes it.
 */
export class SimulatedCircuit {
  #failures = 0;
  #pauseMs = firstPauseMs;
  #openUntil = Number.NEGATIVE_INFINITY;
  /** How often. */
  opened = 0;

  isOpen(at: number): boolean {
    return at < this.#openUntil;
  }

  success(): void {
    this.#failures = 0;
    this.#pauseMs = firstPauseMs;
  }

  /** @param timedOut before its first token: one is enough */
  failure(at: number, timedOut = false): void {
    if (this.isOpen(at)) return;
    this.#failures++;
    if (this.#failures < failuresInARow && !timedOut) return;
    this.opened++;
    this.#failures = 0;
    this.#openUntil = at + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, longestPauseMs);
  }
}
