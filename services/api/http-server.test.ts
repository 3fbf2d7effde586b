import { once } from "node:events";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { quietLog, recordingLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { createHttpServer } from "./http-server.ts";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** As they are, but quicker: what takes seconds there takes tenths here. */
const quick = {
  headersTimeout: 300,
  requestTimeout: 600,
  connectionsCheckingInterval: 50,
  keepAliveTimeout: 300,
  maxHeaderSize: 16 * 1024,
  requireHostHeader: false,
  inactivityMs: 1500,
  maxConnections: 5,
};

/** Answers with the body it was sent. */
const echo: RequestListener = (req: IncomingMessage, res: ServerResponse) => {
  req.pipe(res);
  req.on("error", () => res.destroy());
};

async function listen(app: RequestListener = echo, log = quietLog()) {
  const server = createHttpServer(app, log, quick).listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  /** Sends these bytes; gives what came back until the server closed, and how long that took. */
  const send = async (...parts: (string | Buffer)[]) => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    const began = performance.now();
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => undefined);
    for (const part of parts) socket.write(part);
    await new Promise((resolve) => socket.once("close", resolve));
    return { text, ms: performance.now() - began };
  };
  return { port, server, send, sockets };
}

function expectProblem(text: string, status: number, code: string): void {
  const [head = "", body = ""] = text.split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toContain("\r\nConnection: close");
  expect(head).toContain("\r\nContent-Type: application/problem+json");
  expect(head).toMatch(/\r\nX-Request-Id: [\da-f-]{36}/);
  expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`);
  expect(JSON.parse(body)).toMatchObject({ status, type: `/problems/${code}`, instance: "" });
}

describe("HTTP server", () => {
  it.each([
    ["is no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["has a method that is none", "G@T / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["is of a version to come", "GET / HTTP/9.9\r\nHost: x\r\n\r\n"],
    ["has a NUL in a header", "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"],
    ["has a header without a name", "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n"],
    ["folds a header", "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n"],
    ["has a bare line feed in a header", "GET / HTTP/1.1\nHost: x\n\n"],
    ["has a length that is none", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"],
    ["has two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"],
    [
      "has a length and chunks",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["hides its chunks", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"],
  ])("answers what %s with a problem", async (_, bytes) => {
    const { send } = await listen();
    expectProblem((await send(bytes)).text, 400, "invalid-request");
  });

  it("answers 431 to oversized headers, one or many", async () => {
    const { send } = await listen();
    const many = Array.from({ length: 3000 }, (_, index) => `X-${index}: y\r\n`).join("");
    for (const headers of [`X: ${"y".repeat(20_000)}\r\n`, many]) {
      expectProblem((await send(`GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`)).text, 431, "headers-too-large");
    }
    expectProblem(
      (await send(`GET /${"y".repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)).text,
      431,
      "headers-too-large",
    );
  });

  it("answers 413 to endless chunk extensions", async () => {
    const { send } = await listen();
    const head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const { text } = await send(`${head}1;${"x".repeat(40_000)}`);
    // The answer had begun: there is no room for another one.
    expect(text === "" || text.startsWith("HTTP/1.1 ")).toBe(true);
    expect(text.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
  });

  it("closes a silent connection without a response", async () => {
    const { send } = await listen();
    const { text, ms } = await send("");
    expect(text).toBe("");
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(5000);
  });

  it.each([
    ["never ends its headers", "GET / HTTP/1.1\r\nHost: x\r\nX: y"],
    ["never ends its first line", "GET /"],
  ])("lets go of a client that %s", async (_, bytes) => {
    const { send } = await listen();
    const { text, ms } = await send(bytes);
    expectProblem(text, 408, "request-timeout");
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(5000);
  });

  it("times out a client that sends a header slowly", async () => {
    const { port, sockets } = await listen();
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined).resume();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n");
    const drip = setInterval(() => socket.write("X: y\r\n"), 40);
    await closed;
    clearInterval(drip);
  });

  it("times out a client that never ends its body", async () => {
    const { send } = await listen((req) => void req.resume());
    const { text, ms } = await send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    expectProblem(text, 408, "request-timeout");
    expect(ms).toBeGreaterThan(400);
  });

  it("cuts a client that does not read its response", async () => {
    const { port, sockets, server } = await listen((_req, res) => {
      const fill = () => {
        while (res.write("x".repeat(100_000)));
        res.once("drain", fill);
      };
      fill();
    });
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined).pause();
    const connected = once(server, "connection");
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const [near] = (await connected) as [Socket];
    await once(near, "close");
  });

  it("closes an idle connection", async () => {
    const { send } = await listen();
    const { text } = await send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("never writes a second response into one that has begun", async () => {
    const { send } = await listen((_req, res) => {
      res.writeHead(200, { "Content-Length": "100" });
      res.write("begun");
    });
    const { text } = await send("GET / HTTP/1.1\r\nHost: x\r\n\r\nG@T / HTTP/1.1\r\n\r\n");
    expect(text.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(text).not.toContain("problem");
  });

  it("answers an unknown Expect header and a request without Host", async () => {
    const { send } = await listen();
    const expecting = await send(
      "POST / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    );
    expect(expecting.text).toMatch(/^HTTP\/1\.1 200 OK[^]*ok/);
    expect((await send("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).text).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it("drops connections above its limit, logs it, and serves the others", async () => {
    const { log, lines } = recordingLog();
    const { port, sockets } = await listen((_req, res) => void res.end("here"), log);
    const open = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const socket = connect(port, "127.0.0.1");
        sockets.push(socket);
        let text = "";
        socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        socket.on("error", () => undefined);
        socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await new Promise<void>((resolve) => {
          socket.once("data", () => resolve());
          socket.once("close", () => resolve());
        });
        return text.endsWith("here");
      }),
    );
    expect(open.filter(Boolean)).toHaveLength(5);
    expect(lines.filter(({ msg }) => msg.includes("dropped"))).toHaveLength(1);
  });

  it("logs nothing of what a client sent", async () => {
    const { log, lines } = recordingLog();
    const { send } = await listen(echo, log);
    await send("GET /canary HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer canary\r\nX: a\0b\r\n\r\n");
    expect(lines).toMatchObject([{ msg: "request", status: 400, fault: expect.stringMatching(/^HPE_/) as string }]);
    expect(JSON.stringify(lines)).not.toContain("canary");
  });
});
