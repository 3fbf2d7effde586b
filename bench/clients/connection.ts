import { Client, type Dispatcher } from "undici";

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  headers?: Record<string, string>;
  /** JSON. */
  body?: string;
}

export interface Answer {
  status: number;
  text: string;
}

/**
 * One connection, kept alive: what one browser has. Undici's own handlers, without streams and promises for each chunk:
 * the load must cost little beside what is measured.
 */
export class Connection {
  readonly #client: Client;

  constructor(origin: string) {
    this.#client = new Client(origin, {
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connectTimeout: 60_000,
      keepAliveTimeout: 60_000,
    });
  }

  /** @throws when the connection breaks */
  request(call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let status = 0;
      const chunks: Buffer[] = [];
      this.#client.dispatch(options(call), {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code) => {
          status = code;
        },
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve({ status, text: Buffer.concat(chunks).toString() }),
        onResponseError: (_controller, error) => reject(error),
      });
    });
  }

  /**
   * Hands on the text of an answer as it comes.
   * @returns the status, once the answer has ended
   * @throws when the connection breaks
   */
  stream(call: Call, onText: (text: string) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      let status = 0;
      this.#client.dispatch(options(call), {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code) => {
          status = code;
        },
        // Everything that is streamed here is ASCII: no character is cut in two.
        onResponseData: (_controller, chunk) => onText(chunk.toString("latin1")),
        onResponseEnd: () => resolve(status),
        onResponseError: (_controller, error) => reject(error),
      });
    });
  }

  /** At once, whatever is under way. */
  async destroy(): Promise<void> {
    await this.#client.destroy();
  }
}

function options({ method = "GET", path, headers, body }: Call): Dispatcher.DispatchOptions {
  if (body === undefined) return { method, path, headers: headers ?? {} };
  return { method, path, headers: { "content-type": "application/json", ...headers }, body };
}
