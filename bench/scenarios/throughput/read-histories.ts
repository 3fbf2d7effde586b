import { createTokens } from "../../../services/api/access/tokens.ts";
import { closedLoop, type Loop } from "../../clients/closed-loop.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { insertAnswered } from "../../testbed/insert-rows.ts";
import { benchTokenSecret, type Parley } from "../../testbed/parley.ts";

/** A conversation that can be read, with its token if it needs one. */
export interface Readable {
  path: string;
  headers?: Record<string, string>;
}

/** Fills a Parley with answered conversations. */
export async function makeReadable(
  { pool }: Parley,
  { messages, count }: { messages: number; count: number },
): Promise<Readable[]> {
  const ids = await insertAnswered(pool, { conversations: count, turns: messages / 2, wanted: count });
  const tokens = createTokens([benchTokenSecret]);
  return Promise.all(
    ids.map(async (id) => ({
      path: `/api/chat/history/${id}`,
      headers: { authorization: `Bearer ${await tokens.sign(id)}` },
    })),
  );
}

/** Clients that read one conversation after the other. */
export class HistoryReaders {
  readonly #connections: HttpConnection[];
  readonly #readables: readonly Readable[];
  #next = 0;

  constructor(origin: string, readables: readonly Readable[], clients: number) {
    this.#connections = Array.from({ length: clients }, () => new HttpConnection(origin));
    this.#readables = readables;
  }

  read(ms: number): Promise<Loop<void>> {
    return closedLoop(this.#connections, (connection) => this.#readNext(connection), { ms });
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.destroy()));
  }

  async #readNext(connection: HttpConnection): Promise<void> {
    const readable = this.#readables[this.#next++ % this.#readables.length];
    const { status } = await connection.request(readable ?? { path: "/" });
    if (status !== 200) throw new Error(`the history: ${status}`);
  }
}
