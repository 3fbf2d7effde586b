/** So near to its end, a person reads the newest. */
const nearPx = 60;

/** Keeps the newest message in view while a person reads there, and the place of one who reads further up. */
export class LogScroll {
  #log: HTMLElement | undefined;
  #conversation: string | undefined;
  #atEnd = true;
  #anchor: HTMLElement | undefined;
  #anchorTop = 0;
  #top = 0;

  /** Called after each rendering. */
  settle(root: HTMLElement, conversation: string | undefined): void {
    const log = root.querySelector<HTMLElement>(".log") ?? undefined;
    if (log !== this.#log) this.#watch(log);
    if (conversation !== this.#conversation) {
      this.#conversation = conversation;
      this.#atEnd = true;
      this.#top = log?.scrollTop ?? 0;
    }
    if (log === undefined) return;
    // Scrolled since, and not yet told of it.
    if (Math.abs(log.scrollTop - this.#top) > 1) this.#atEnd = isAtEnd(log);
    if (this.#atEnd) log.scrollTop = log.scrollHeight;
    // Earlier messages came in above.
    else if (this.#anchor?.isConnected === true) log.scrollTop += this.#anchor.offsetTop - this.#anchorTop;
    this.#anchor = log.querySelector<HTMLElement>(".message") ?? undefined;
    this.#anchorTop = this.#anchor?.offsetTop ?? 0;
    this.#top = log.scrollTop;
    this.#mark();
  }

  #watch(log: HTMLElement | undefined): void {
    this.#log = log;
    log?.addEventListener("scroll", () => {
      this.#atEnd = isAtEnd(log);
      this.#top = log.scrollTop;
      this.#mark();
    });
    this.#button()?.addEventListener("click", () => {
      this.#atEnd = true;
      if (log) log.scrollTop = log.scrollHeight;
      log?.focus({ preventScroll: true });
    });
  }

  #mark(): void {
    const button = this.#button();
    if (button) button.hidden = this.#atEnd;
  }

  #button(): HTMLElement | null | undefined {
    return this.#log?.parentElement?.querySelector<HTMLElement>(".newest");
  }
}

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < nearPx;
}
