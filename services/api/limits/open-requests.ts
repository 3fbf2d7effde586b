/**
 * How many requests each client keeps open at this process: event streams, and requests that wait. Nobody else needs to
 * know: what they cost is this process' own memory.
 */
export class OpenRequests {
  readonly #limit: number;
  readonly #open = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes a place until `signal` ends.
   * @returns false when the client has all of its own
   */
  take(client: string, signal: AbortSignal): boolean {
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#limit) return false;
    if (signal.aborted) return true;
    this.#open.set(client, open + 1);
    signal.addEventListener("abort", () => this.#leave(client), { once: true });
    return true;
  }

  /** Of all clients together. */
  get count(): number {
    return [...this.#open.values()].reduce((sum, open) => sum + open, 0);
  }

  #leave(client: string): void {
    const open = (this.#open.get(client) ?? 0) - 1;
    // Of a client that has left nothing is kept.
    if (open > 0) this.#open.set(client, open);
    else this.#open.delete(client);
  }
}
