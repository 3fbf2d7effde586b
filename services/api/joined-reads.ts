/** Statements that are under way at once; who comes then, joins the next one. */
const maxRunning = 2;
/** Nobody waits longer for his turn: a statement that hangs must not take its time limit from the next ones'. */
const maxWaitMs = 50;

interface Batch<Row> {
  ids: Set<string>;
  rows: Promise<Map<string, Row>>;
}

/**
 * Reads of rows by their ids, joined when many ask at once: one statement brings the rows of all who asked before it was
 * sent. Alone, a read is sent at once.
 */
export class JoinedReads<Row extends { id: string }> {
  readonly #read: (ids: readonly string[]) => Promise<Row[]>;
  #running = 0;
  #next: Batch<Row> | undefined;
  #sendNext: () => void = () => undefined;

  constructor(read: (ids: readonly string[]) => Promise<Row[]>) {
    this.#read = read;
  }

  /** The row as it is now or a little later. It is shared with others: it must not be changed. */
  async read(id: string): Promise<Row | undefined> {
    const batch = (this.#next ??= this.#schedule());
    batch.ids.add(id);
    return (await batch.rows).get(id);
  }

  #schedule(): Batch<Row> {
    const ids = new Set<string>();
    return { ids, rows: this.#turn().then(() => this.#send(ids)) };
  }

  async #turn(): Promise<void> {
    if (this.#running < maxRunning) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sendNext = resolve;
    const timer = setTimeout(resolve, maxWaitMs);
    await promise;
    clearTimeout(timer);
  }

  async #send(ids: ReadonlySet<string>): Promise<Map<string, Row>> {
    this.#next = undefined;
    this.#running += 1;
    try {
      return new Map((await this.#read([...ids])).map((row) => [row.id, row]));
    } finally {
      this.#running -= 1;
      this.#sendNext();
    }
  }
}
