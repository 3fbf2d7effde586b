import type { Channel, Environment, Locks } from "./environment.ts";

/**
 * Right to hold an event stream. A browser has one for each server, over all tabs, frames and chats of an origin: over
 * HTTP/1.1 it opens six connections to a server, and every other request waits while streams hold them.
 *
 * A reply that is being written goes before a conversation at rest, and the page that the visitor uses before others.
 *
 * A lock passes the permit on, and the browser frees it if its holder dies. Without locks, as on pages without HTTPS, the
 * page that the visitor used last has the permit; without channels, too, every page.
 */
export class StreamPermit {
  readonly #environment: Environment;
  readonly #name: string;
  readonly #onChange: () => void;
  readonly #channel: Channel | undefined;
  #locks: Locks | undefined;
  /** Number of replies to follow. */
  #replies = 0;
  /** True if there is a conversation to follow between its replies. */
  #atRest = false;
  #wish: AbortController | undefined;
  #held = false;

  /** @param onChange is called when `held` has changed */
  constructor(environment: Environment, server: string, onChange: () => void) {
    this.#environment = environment;
    this.#name = `parley/stream/${server}`;
    this.#onChange = onChange;
    this.#locks = environment.locks;
    this.#channel = environment.openChannel(this.#name, (urgency) => {
      if (this.#locks && (urgency as number) <= this.#urgency) return;
      this.release();
      if (this.#locks) this.#seek();
    });
  }

  get held(): boolean {
    return this.#held;
  }

  /**
   * Asks for the permit, as there is a reply to follow.
   * @returns a function that ends the wish
   */
  want(): () => void {
    this.#replies += 1;
    this.resume();
    return () => {
      this.#replies -= 1;
      if (this.#replies > 0 || (this.#atRest && this.#environment.focused())) return;
      // Another page may have waited for the end of the reply.
      this.release();
      this.#seek();
    };
  }

  /** Asks for the permit for a conversation at rest, or asks no more. */
  rest(atRest: boolean): void {
    if (this.#atRest === atRest) return;
    this.#atRest = atRest;
    if (atRest) this.resume();
    else if (this.#replies === 0) this.release();
  }

  /** Asks again, as the page is visible. */
  resume(): void {
    this.#seek();
    if (this.#environment.focused()) this.claim();
    else if (this.#locks) this.#ask(this.#urgency);
  }

  /** Asks the holder to yield, as the visitor uses this page. */
  claim(): void {
    if (this.#held) return;
    this.#seek();
    this.#ask(this.#urgency + 1);
    if (!this.#locks) this.#setHeld(this.#wish !== undefined);
  }

  /** Gives it up, as the page is hidden. */
  release(): void {
    // The stream is closed before another page may open one.
    this.#setHeld(false);
    this.#wish?.abort();
    this.#wish = undefined;
  }

  close(): void {
    this.release();
    this.#channel?.close();
  }

  /** Urgency of this page's wish. A holder yields to a higher one; one more says that the visitor uses the page. */
  get #urgency(): number {
    return this.#replies > 0 ? 2 : 0;
  }

  #ask(urgency: number): void {
    if (urgency === 0) return;
    const post = () => {
      if (this.#wish && !this.#held) this.#channel?.post(urgency);
    };
    // The answer to a query shows that the request before it is queued: the holder then asks again behind this page.
    if (this.#locks) void this.#locks.query().then(post, () => undefined);
    else post();
  }

  #seek(): void {
    if (this.#wish || !(this.#atRest || this.#replies > 0) || !this.#environment.visible()) return;
    const { signal } = (this.#wish = new AbortController());
    if (!this.#locks) {
      if (!this.#channel) this.#setHeld(true);
      return;
    }
    this.#locks
      .request(this.#name, { signal }, () => this.#holdUntil(signal))
      .catch(() => {
        if (signal.aborted) return;
        // The browser denies locks, as it denies storage.
        this.#locks = this.#wish = undefined;
        this.resume();
      });
  }

  #holdUntil(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
      if (signal.aborted) resolve();
      else this.#setHeld(true);
    });
  }

  #setHeld(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.#onChange();
  }
}
