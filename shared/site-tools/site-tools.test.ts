import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createNetServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SiteTool, siteTools } from "../assistants/tools/site-tool.ts";
import { readConfig, readNamedSecrets } from "../config/config.ts";
import { withoutForeignSecrets } from "../config/config-secrets.ts";
import { openSiteTools } from "./open-site-tools.ts";
import type { SiteToolClient, ToolCallOptions, ToolOutcome } from "./tool-outcome.ts";

const secret = 'k%y-"1234"/5678';
const logged: unknown[] = [];
const secrets = readNamedSecrets({ SECRET_SHOP_KEY: secret });
const seen: { url: string; method: string; headers: IncomingMessage["headers"]; body: string }[] = [];
const sockets = new Set<Socket>();

/** Answers of the endpoint, by the first part of the path. */
const answers: Record<string, RequestListener> = {
  "/order": (_req, res) =>
    res.setHeader("content-type", "application/json").end('{"state":"sent","items":[{"price":5}]}'),
  "/plain": (_req, res) => res.end("on its way\u0007\u001b"),
  "/none": (_req, res) => res.writeHead(204).end(),
  "/page": (_req, res) => res.end("<html>sign in</html>"),
  "/missing": (_req, res) => res.writeHead(404).end("no such order"),
  "/conflict": (_req, res) => res.writeHead(409).end(),
  "/busy": (_req, res) => res.writeHead(429).end(),
  "/closed": (_req, res) => res.writeHead(401).end(),
  "/invalid": (_req, res) => res.writeHead(422).end(),
  "/broken": (_req, res) => res.writeHead(500).end("stack trace"),
  "/moved": (_req, res) => res.writeHead(302, { location: "/order" }).end(),
  "/away": (_req, res) => res.writeHead(307, { location: "ftp://x:1/" }).end(),
  "/huge": (_req, res) => res.end(Buffer.alloc(10_000_000, "a")),
  "/damaged": (_req, res) => res.setHeader("content-encoding", "gzip").end("no gzip"),
  "/slow": () => undefined,
  "/drops": (req) => req.socket.destroy(),
  "/garbage": (req) => req.socket.end("\u0001\u0002 no http at all\r\n\r\n"),
  "/echo": (req, res) =>
    res.end(`${req.headers.authorization} ${encodeURIComponent(secret)} ${JSON.stringify(secret)}`),
  "/long": (_req, res) => res.end("é".repeat(9000)),
  "/state": (req, res) => {
    const state = req.headers["idempotency-key"];
    if (state === "gone") res.writeHead(404).end();
    else if (state === "bare") res.end('{"state":"done"}');
    else res.end(JSON.stringify({ state, result: { state: "cancelled" } }));
  },
};

let port: number;
let client: SiteToolClient;
beforeAll(async () => {
  const server = createServer((req, res) => {
    let body = "";
    req.on("data", (chunk: Buffer) => (body += chunk.toString()));
    req.on("end", () => {
      seen.push({ url: req.url ?? "", method: req.method ?? "", headers: req.headers, body });
      answers[`/${req.url?.split(/[/?]/)[1]}`]?.(req, res);
    });
  });
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  ({ port } = server.address() as AddressInfo);
  client = open(["127.0.0.0/8"]);
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  };
});
afterAll(() => client.close());

function open(allowPrivate: string[]): SiteToolClient {
  const settings = { FETCH_ALLOW_PRIVATE: allowPrivate, FETCH_PORTS: [port], FETCH_PROXY: undefined };
  return openSiteTools({ settings, secrets, log: { warn: (given: unknown) => void logged.push(given) } });
}

const card = { title: "Cancel", lines: [] };
const properties = { order: { type: "string" }, count: { type: "number" }, lines: { type: "array" } };

/** Tool at a path of the endpoint. */
function toolAt(path: string, given: Record<string, unknown> = {}): SiteTool {
  const { request, effect = "change", ...others } = given;
  const declared = {
    name: "tool",
    description: "A tool",
    parameters: { type: "object", properties, required: ["order"], additionalProperties: false },
    effect,
    ...(effect === "change" && { card }),
    request: {
      method: effect === "change" ? "POST" : "GET",
      url: `http://127.0.0.1:${port}${path}`,
      ...(request as object),
    },
    ...others,
  };
  const [tool] = siteTools.parse([declared]);
  if (!tool) throw new Error("there is no tool");
  return tool;
}

const usual: ToolCallOptions = { idempotencyKey: "action-1" };

async function call(path: string, given = {}, args: Record<string, unknown> = { order: "1042" }): Promise<ToolOutcome> {
  return await client.call(toolAt(path, given), args, usual);
}

describe("a request to an endpoint", () => {
  it("holds the arguments in their places, the secrets and the key", async () => {
    const request = {
      method: "PUT",
      url: `http://127.0.0.1:${port}/order/{order}?n={count}&k=\${secret:SHOP_KEY}&lines={order}{count}`,
      headers: { Authorization: "Bearer ${secret:SHOP_KEY} {order}" },
      body: { id: "{order}", n: "{count}", text: "Order {order}: {count}", lines: ["{lines}", "{count}"], fixed: 1 },
    };
    const order = 'ü ?#&"{count}${secret:SHOP_KEY}';
    expect(await call("/", { request }, { order, lines: [{ a: 1 }] })).toMatchObject({ state: "done", status: 200 });
    const encoded = encodeURIComponent(order);
    expect(seen.at(-1)).toMatchObject({
      method: "PUT",
      url: `/order/${encoded}?k=${encodeURIComponent(secret)}`,
      headers: {
        authorization: `Bearer ${secret} {order}`,
        "idempotency-key": "action-1",
        "content-type": "application/json",
      },
    });
    expect(JSON.parse(seen.at(-1)?.body ?? "")).toEqual({
      id: order,
      text: `Order ${order}: `,
      lines: [[{ a: 1 }]],
      fixed: 1,
    });
  });

  it.each(["..", ".", "", "a/b", "..%2f", "a\\b", "%2e%2e", "a\u0000b"])(
    "is not made with %j as a part of its path",
    async (order) => {
      const before = seen.length;
      expect(await call("/order/{order}", {}, { order })).toMatchObject({ state: "failed", isMistake: true });
      expect(seen).toHaveLength(before);
    },
  );

  it("is not made with arguments that do not fit, and says what is wrong with them", async () => {
    const before = seen.length;
    const { text, ...outcome } = await call("/order", {}, { order: 1042, amount: 5 });
    expect(outcome).toEqual({ state: "failed", isMistake: true });
    expect(text).toBe('The arguments do not fit: the arguments must not have "amount"; "order" must be string.');
    expect(seen).toHaveLength(before);
  });
});

describe("the outcome of a change", () => {
  it.each([
    ["/order", "done", 200],
    ["/none", "done", 204],
    ["/huge", "done", 200],
    ["/damaged", "done", 200],
    ["/missing", "failed", 404],
    ["/conflict", "failed", 409],
    ["/broken", "unknown", 500],
    ["/moved", "unknown", 302],
    ["/away", "unknown", undefined],
    ["/drops", "unknown", undefined],
    ["/garbage", "unknown", undefined],
  ])("of %s is %s", async (path, state, status) => {
    const before = seen.length;
    expect(await call(path)).toMatchObject({ state, ...(status !== undefined && { status }) });
    expect(seen).toHaveLength(before + 1);
  });

  it("is unknown after the time limit, and after a stop, and both end the wait", async () => {
    expect(await call("/slow", { timeoutMs: 200 })).toMatchObject({ state: "unknown", text: "" });
    const stopping = new AbortController();
    const stopped = client.call(toolAt("/slow"), { order: "1" }, { ...usual, signal: stopping.signal });
    const count = seen.length;
    while (seen.length === count) await new Promise((done) => setTimeout(done, 5));
    stopping.abort(new Error("stopped"));
    expect(await stopped).toMatchObject({ state: "unknown" });
  });

  it("is failed if nothing was sent: a private address, a refused connection, a handshake without end", async () => {
    const before = seen.length;
    const guarded = open([]);
    expect(await guarded.call(toolAt("/order"), { order: "1" }, usual)).toMatchObject({
      state: "failed",
      text: "",
      reason: expect.stringContaining("FETCH_ALLOW_PRIVATE") as string,
    });
    await guarded.close();
    const closed = createNetServer();
    await new Promise<void>((done) => closed.listen(0, "127.0.0.1", done));
    const free = (closed.address() as AddressInfo).port;
    await new Promise((done) => closed.close(done));
    const settings = { FETCH_ALLOW_PRIVATE: ["127.0.0.0/8"], FETCH_PORTS: [port, free], FETCH_PROXY: undefined };
    const other = openSiteTools({ settings, secrets, log: { warn: () => undefined } });
    const at = (url: string, timeoutMs = 300) => toolAt("/", { request: { url }, timeoutMs });
    expect(await other.call(at(`http://127.0.0.1:${free}/`), { order: "1" }, usual)).toMatchObject({ state: "failed" });
    // Plain HTTP at the other end: the handshake of TLS never ends.
    expect(await other.call(at(`https://127.0.0.1:${port}/`), { order: "1" }, usual)).toMatchObject({
      state: "failed",
    });
    await other.close();
    expect(seen).toHaveLength(before);
  });

  it.each([
    ["/conflict", "the key is in use", 409],
    ["/missing", "a gateway knows no way", 404],
    ["/busy", "there are too many calls", 429],
    ["/closed", "the secret is refused", 401],
  ])(
    "of a repeated call to %s is unknown: %s, and the first one may have been carried out",
    async (path, _, status) => {
      const again = { ...usual, repeated: true };
      expect(await client.call(toolAt(path), { order: "1" }, again)).toMatchObject({ state: "unknown", status });
    },
  );

  it("of a repeated call that finds nobody is unknown", async () => {
    const guarded = open([]);
    const again = { ...usual, repeated: true };
    expect(await guarded.call(toolAt("/order"), { order: "1" }, again)).toMatchObject({ state: "unknown" });
    await guarded.close();
  });

  it("of a repeated call is failed where the endpoint refuses it under its key", async () => {
    const again = { ...usual, repeated: true };
    expect(await client.call(toolAt("/invalid"), { order: "1" }, again)).toMatchObject({ state: "failed" });
  });

  it.each([
    ["done", "done", "1042 is cancelled"],
    ["failed", "failed", '{"state":"cancelled"}'],
    ["bare", "done", "1042 is"],
    ["unknown", "unknown", ""],
    ["gone", "unknown", ""],
    ["other", "unknown", ""],
  ])("that is asked for later: %s", async (idempotencyKey, state, text) => {
    const status = { url: `http://127.0.0.1:${port}/state/{order}` };
    const tool = toolAt("/order", { status, result: "{order} is {response.state}" });
    expect(await client.askStatus(tool, { order: "1042" }, { idempotencyKey })).toMatchObject({ state, text });
    expect(seen.at(-1)).toMatchObject({ method: "GET", url: "/state/1042" });
  });
});

describe("the outcome of reading", () => {
  const reading = { effect: "read" };

  it("is never unknown", async () => {
    for (const path of ["/broken", "/moved", "/drops", "/garbage", "/huge", "/damaged"]) {
      expect(await call(path, reading)).toMatchObject({ state: "failed" });
    }
  });

  it("is told by the template, in the visitor's language", async () => {
    const result = { en: "{order}: {response.state}, {response.items.0.price} €{response.none}", de: "{response}" };
    const tool = toolAt("/order", { ...reading, result });
    const order = "{response}";
    expect((await client.call(tool, { order }, usual)).text).toBe("{response}: sent, 5 €");
    expect((await client.call(tool, { order }, { ...usual, locale: "de" })).text).toContain('{"state":"sent"');
  });

  it("is the text of the response otherwise: bounded, without control characters, and none of a page", async () => {
    expect((await call("/plain", reading)).text).toBe("on its way");
    expect((await call("/page", reading)).text).toBe("");
    expect((await call("/long", reading)).text).toBe(`${"é".repeat(8000)}… (cut)`);
  });
});

describe("a secret", () => {
  it("that an endpoint echoes is masked in every shape", async () => {
    const request = { headers: { authorization: "${secret:SHOP_KEY}" } };
    const { text } = await call("/echo", { effect: "read", request });
    expect(text).toBe('[secret] [secret] "[secret]"');
  });

  it("stands in no log, inspected value, JSON or configuration, and in no other part", () => {
    const config = readConfig({ DATABASE_URL: "postgres://localhost/a", SECRET_SHOP_KEY: secret });
    const shown = [secrets, config, logged].map((each) => `${inspect(each, { depth: 9 })} ${JSON.stringify(each)}`);
    expect(shown.join("\n")).not.toContain("1234");
    expect(logged).not.toHaveLength(0);
    for (const part of ["api", "knowledge"] as const) {
      expect(withoutForeignSecrets({ SECRET_SHOP_KEY: secret }, part)).toEqual({});
    }
    expect(withoutForeignSecrets({ SECRET_SHOP_KEY: secret }, "worker")).toEqual({ SECRET_SHOP_KEY: secret });
  });

  it.each(["short", "with space in it", "line\nbreak-1"])("is refused if it is %j, without being repeated", (value) => {
    expect(() => readNamedSecrets({ SECRET_A: value })).toThrow(/SECRET_A: expected at least 8 characters/);
    expect(() => readNamedSecrets({ SECRET_A: value })).not.toThrow(value);
  });
});
