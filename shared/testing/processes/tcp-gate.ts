import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** TCP proxy that can fail as networks do, so that the server itself need not. */
export interface TcpGate extends AsyncDisposable {
  /** URL of the server, through the gate. */
  readonly url: string;
  /** Number of connections caught by a freeze. */
  readonly frozen: number;
  /** Tells whether a request with these bytes still waits for the server's answer. */
  isUnanswered: (bytes: string) => boolean;
  /** Breaks every connection and refuses new ones. */
  shut: () => Promise<void>;
  /** Accepts connections again, after `shut`. */
  reopen: () => Promise<void>;
  /** Holds all bytes while connections stay open and are accepted; with `"answers"`, only bytes from the server. */
  freeze: (what?: "all" | "answers") => void;
  /** Delivers the held bytes, late. */
  thaw: () => void;
}

interface GateOptions {
  /**
   * Bytes that limit a freeze to connections whose client sends or has sent them; these bytes are held, too. Default:
   * all.
   */
  only?: string;
}

/** Opens a gate on a free port of this machine, to the server of `url`. */
export async function openTcpGate(url: string, { only }: GateOptions = {}): Promise<TcpGate> {
  const target = new URL(url);
  const ways = new Set<Way>();
  let freezing: "all" | "answers" | undefined;
  const server = createServer((near) => {
    const far = connect(Number(target.port || defaultPorts.get(target.protocol)), target.hostname);
    const way = new Way(near, far, only);
    ways.add(way);
    way.freeze(freezing);
    near.once("close", () => far.once("close", () => ways.delete(way)));
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const shut = async () => {
    if (!server.listening) return;
    server.close();
    for (const way of ways) way.destroy();
    await once(server, "close");
  };
  const port = await listen(0);
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;
  return {
    url: through.href,
    get frozen() {
      return [...ways].filter(({ frozen }) => frozen).length;
    },
    isUnanswered: (bytes) => [...ways].some(({ unanswered }) => Buffer.concat(unanswered).includes(bytes)),
    shut,
    reopen: async () => void (await listen(port)),
    freeze: (what = "all") => {
      freezing = what;
      for (const way of ways) way.freeze(what);
    },
    thaw: () => {
      freezing = undefined;
      for (const way of ways) way.thaw();
    },
    [Symbol.asyncDispose]: shut,
  };
}

/** One connection through the gate. */
class Way {
  readonly #near: Socket;
  readonly #far: Socket;
  #freezing: "all" | "answers" | undefined;
  /** True if a freeze has caught it. */
  #caught: boolean;
  #held: Buffer[] = [];
  /** Bytes that the client has sent since the last ones from the server. */
  unanswered: Buffer[] = [];

  constructor(near: Socket, far: Socket, only: string | undefined) {
    this.#near = near;
    this.#far = far;
    this.#caught = only === undefined;
    near.on("data", (bytes) => {
      this.unanswered.push(bytes);
      if (!this.#caught && only !== undefined && bytes.includes(only)) {
        this.#caught = true;
        this.freeze(this.#freezing);
      }
      if (this.#caught && this.#freezing === "all") this.#held.push(bytes);
      else far.write(bytes);
    });
    far.on("data", (bytes) => {
      this.unanswered = [];
      near.write(bytes);
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      socket.on("error", () => socket.destroy());
      // Its last bytes still arrive.
      socket.on("close", () => other.end());
    }
  }

  get frozen(): boolean {
    return this.#caught && this.#freezing !== undefined;
  }

  freeze(what: "all" | "answers" | undefined): void {
    this.#freezing = what;
    if (!this.frozen) return;
    this.#far.pause();
    if (what === "all") this.#near.pause();
  }

  thaw(): void {
    this.#freezing = undefined;
    for (const bytes of this.#held.splice(0)) this.#far.write(bytes);
    this.#near.resume();
    this.#far.resume();
  }

  destroy(): void {
    this.#near.destroy();
    this.#far.destroy();
  }
}

const defaultPorts = new Map([
  ["postgres:", 5432],
  ["postgresql:", 5432],
  ["redis:", 6379],
]);
