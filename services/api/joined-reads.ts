/** Statements that are under way at once; who comes then, joins the next one. */
const maxRunning = 2;

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
    const { promise: turn, resolve } = Promise.withResolvers<void>();
    this.#sendNext = resolve;
    if (this.#running < maxRunning) resolve();
    return { ids, rows: turn.then(() => this.#send(ids)) };
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
