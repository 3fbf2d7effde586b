/** Ages of the newest call that was answered, and of the newest one whose key was refused. */
export class KeyState {
  #refusedAt: number | undefined;
  #answeredAt: number | undefined;

  refused(): void {
    this.#refusedAt = performance.now();
  }

  answered(): void {
    this.#answeredAt = performance.now();
  }

  /** Milliseconds; null: there was no such call. */
  get ages(): { refusedMsAgo: number | null; answeredMsAgo: number | null } {
    return { refusedMsAgo: ageOf(this.#refusedAt), answeredMsAgo: ageOf(this.#answeredAt) };
  }
}

function ageOf(at: number | undefined): number | null {
  return at === undefined ? null : performance.now() - at;
}
