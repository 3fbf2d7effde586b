import { Client, type Dispatcher } from "undici";

export interface HttpCall {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  headers?: Record<string, string>;
  /** JSON. */
  body?: string;
}

export interface HttpAnswer {
  status: number;
  text: string;
}

/**
 * One connection, kept alive, as a browser has. Uses undici's handlers directly, without streams and promises for each
 * chunk: the load must cost little compared with the measured processes.
 */
export class HttpConnection {
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

  /** @throws if the connection breaks */
  request(call: HttpCall): Promise<HttpAnswer> {
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
   * Passes on the text of an answer as it arrives.
   * @returns the status, once the answer has ended
   * @throws if the connection breaks
   */
  stream(call: HttpCall, onText: (text: string) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      let status = 0;
      this.#client.dispatch(options(call), {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, code) => {
          status = code;
        },
        // All streamed content here is ASCII, so no character is split.
        onResponseData: (_controller, chunk) => onText(chunk.toString("latin1")),
        onResponseEnd: () => resolve(status),
        onResponseError: (_controller, error) => reject(error),
      });
    });
  }

  /** Closes at once, even with requests in flight. */
  async destroy(): Promise<void> {
    await this.#client.destroy();
  }
}

function options({ method = "GET", path, headers, body }: HttpCall): Dispatcher.DispatchOptions {
  if (body === undefined) return { method, path, headers: headers ?? {} };
  return { method, path, headers: { "content-type": "application/json", ...headers }, body };
}
