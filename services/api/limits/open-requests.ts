/**
 * Counts the requests that each client keeps open at this process: event streams, and requests that wait. Other
 * processes need not know, because an open request costs only this process's memory.
 */
export class OpenRequests {
  readonly #limit: number;
  readonly #open = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Takes a slot until `signal` ends.
   * @returns false when the client has used up its slots
   */
  take(client: string, signal: AbortSignal): boolean {
    const open = this.#open.get(client) ?? 0;
    if (open >= this.#limit) return false;
    if (signal.aborted) return true;
    this.#open.set(client, open + 1);
    signal.addEventListener("abort", () => this.#leave(client), { once: true });
    return true;
  }

  /** Total over all clients. */
  get count(): number {
    return [...this.#open.values()].reduce((sum, open) => sum + open, 0);
  }

  #leave(client: string): void {
    const open = (this.#open.get(client) ?? 0) - 1;
    // Delete the entry of a client without open requests.
    if (open > 0) this.#open.set(client, open);
    else this.#open.delete(client);
  }
}
