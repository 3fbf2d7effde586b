/** Values of `services/worker/providers/circuit.ts`. */
const failuresInARow = 5;
const firstPauseMs = 2000;
const longestPauseMs = 60_000;

/**
 * Circuit of a worker's process for a provider. A probe only tests that the provider answers. A provider that refuses
 * calls does answer, so a probe always closes the circuit.
 */
export class SimulatedCircuit {
  #failures = 0;
  #pauseMs = firstPauseMs;
  #openUntil = Number.NEGATIVE_INFINITY;
  /** Number of openings. */
  opened = 0;

  isOpen(at: number): boolean {
    return at < this.#openUntil;
  }

  success(): void {
    this.#failures = 0;
    this.#pauseMs = firstPauseMs;
  }

  /** @param timedOut before the first token: one such failure is enough */
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
