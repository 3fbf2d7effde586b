import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { type AddressInfo, connect, type Server, Server as NetServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { quietLog, recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { createHttpServer } from "../http-server.ts";
import { Connections, type CutReason } from "./connections.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

interface Options {
  app?: RequestListener;
  maxPerClient?: number;
  isProxy?: (address: string) => boolean;
  log?: ReturnType<typeof quietLog>;
}

/** A server whose answers are given when the test says so. */
async function serve({ app, maxPerClient = 5, isProxy = () => false, log = quietLog() }: Options = {}) {
  const asked: ServerResponse[] = [];
  const cuts: CutReason[] = [];
  const connections = new Connections({ maxPerClient, isProxy, onCut: (reason) => cuts.push(reason), log });
  const hold: RequestListener = (_req, res) => void asked.push(res);
  const server = createHttpServer(app ?? hold, log, { connections }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    connections.drain();
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const open = async ({ allowHalfOpen = false } = {}) => {
    const client = new RawClient(connect({ port, host: "127.0.0.1", allowHalfOpen }));
    cleanups.push(() => client.socket.destroy());
    const [near] = (await once(server, "connection")) as [Socket];
    return Object.assign(client, { near });
  };
  /** Until so many requests have come. */
  const untilAsked = async (count: number) => {
    while (asked.length < count) await once(server, "request");
  };
  return { server, connections, asked, cuts, open, untilAsked };
}

class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  readonly ended: Promise<void>;
  text = "";
  error: NodeJS.ErrnoException | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1").on("data", (chunk: string) => (this.text += chunk));
    socket.on("error", (error) => (this.error = error));
    this.ended = new Promise((resolve) => socket.once("end", () => resolve()));
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) await once(this.socket, "data");
  }

  get answers(): number {
    return this.text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
  }
}

describe("connection", () => {
  it("answers up to 16 pipelined requests", async () => {
    const { asked, cuts, open, untilAsked } = await serve();
    const client = await open();
    client.socket.write(get.repeat(16));
    await untilAsked(16);
    for (const [index, res] of asked.entries()) res.end(`answer ${index};`);
    await client.until("answer 15;");
    expect(client.answers).toBe(16);
    client.socket.write(get.repeat(16));
    await untilAsked(32);
    expect(cuts).toEqual([]);
  });

  it("is cut at the 17th, and no later request reaches the application", async () => {
    const { log, lines } = recordingLog();
    const { asked, cuts, open } = await serve({ log });
    for (const client of [await open(), await open()]) {
      client.socket.write(get.repeat(2000));
      await client.closed;
    }
    expect(asked).toHaveLength(32);
    expect(cuts).toEqual(["unanswered", "unanswered"]);
    expect(lines.filter(({ msg }) => msg.includes("not answered yet"))).toHaveLength(1);
  });

  it("is cut when answers to pipelined requests are not read", async () => {
    const body = Buffer.alloc(4 * 2 ** 20);
    let served = 0;
    const { open } = await serve({
      app: (_req, res) => {
        served += 1;
        res.end(body);
      },
    });
    const client = await open();
    client.socket.pause();
    const closed = once(client.near, "close");
    for (let sent = 0; sent < 17; sent += 1) client.socket.write(get);
    await closed;
    expect(served).toBeLessThanOrEqual(16);
  });

  it("is cut when too many bytes of answers are unread", async () => {
    const { cuts, open } = await serve({ app: (_req, res) => void res.end(Buffer.alloc(12 * 2 ** 20)) });
    const clients = [await open(), await open(), await open(), await open()];
    for (const { socket } of clients) {
      socket.pause();
      socket.write(get);
    }
    await Promise.race(clients.map(({ near }) => once(near, "close")));
    expect(cuts[0]).toBe("unread");
    const [alive] = clients.filter(({ near }) => !near.destroyed);
    alive?.socket.resume();
    await alive?.until("\r\n\r\n");
    expect(alive?.answers).toBe(1);
  });
});

describe("client address", () => {
  it("loses its longest idle connection when it opens one too many", async () => {
    const { asked, cuts, open, untilAsked } = await serve({ maxPerClient: 3 });
    const [first, second, third] = [await open(), await open(), await open()];
    // The first was used last.
    first.socket.write(get);
    await untilAsked(1);
    asked[0]?.end("here;");
    await first.until("here;");
    const fourth = await open();
    await second.closed;
    const fifth = await open();
    await third.closed;
    for (const client of [first, fourth, fifth]) client.socket.write(get);
    await untilAsked(4);
    expect(cuts).toEqual(["idle", "idle"]);
  });

  it("is refused a new connection while all of its own are in use", async () => {
    const { asked, cuts, open, untilAsked } = await serve({ maxPerClient: 3 });
    const used = [await open(), await open(), await open()];
    for (const { socket } of used) socket.write(get);
    await untilAsked(3);
    await (
      await open()
    ).closed;
    expect(cuts).toEqual(["too-many"]);
    for (const res of asked) res.end("here;");
    await Promise.all(used.map((client) => client.until("here;")));
    // A place that was left is free again.
    used[0]?.socket.destroy();
    await used[0]?.closed;
    const next = await open();
    next.socket.write(get);
    await untilAsked(4);
  });

  it("may open any number if it is a trusted proxy", async () => {
    const { cuts, open, untilAsked } = await serve({ maxPerClient: 3, isProxy: (address) => address === "127.0.0.1" });
    for (let index = 0; index < 10; index += 1) (await open()).socket.write(get);
    await untilAsked(10);
    expect(cuts).toEqual([]);
  });
});

describe("server shutdown", () => {
  const close = (server: Server) =>
    new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));

  it("answers requests in flight and on idle connections, then closes without a reset", async () => {
    const { server, connections, asked, open, untilAsked } = await serve();
    const [inFlight, idle, unused] = [await open(), await open(), await open()];
    inFlight.socket.write(get);
    await untilAsked(1);
    const closed = close(server);
    connections.drain();
    idle.socket.write(get);
    await untilAsked(2);
    for (const res of asked) res.end("here;");
    for (const client of [inFlight, idle]) {
      await client.ended;
      expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n[^]*here;/);
    }
    for (const client of [inFlight, idle, unused]) {
      await client.closed;
      expect(client.error).toBeUndefined();
    }
    await closed;
  });

  it("ends even if a client stays connected and silent", async () => {
    const { server, connections, open } = await serve();
    const client = await open({ allowHalfOpen: true });
    const closed = close(server);
    connections.drain();
    await closed;
    await client.ended;
  });
});

describe("response before the end of its request", () => {
  it("reaches a client that keeps sending, also with Connection: close", async () => {
    const { open } = await serve({
      app: (_req, res) => void res.writeHead(413, { "Content-Length": "7" }).end("too big"),
    });
    const client = await open({ allowHalfOpen: true });
    const body = Buffer.alloc(2 ** 20);
    client.socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${16 * body.length}\r\n\r\n`,
    );
    for (let sent = 0; sent < 16; sent += 1) {
      if (!client.socket.write(body)) await Promise.race([once(client.socket, "drain"), client.closed]);
    }
    await client.ended;
    expect(client.text).toMatch(/^HTTP\/1\.1 413 [^]*too big$/);
    expect(client.error).toBeUndefined();
  });
});
