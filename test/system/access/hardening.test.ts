import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { problem } from "../../../shared/protocol/service.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("the API facing a careless or hostile client", (product) => {
  /** Bytes that come back for these, until the server closes. */
  const send = async (...parts: (string | Buffer)[]) => {
    const { hostname, port } = new URL(product().client.base);
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    socket.on("error", () => undefined);
    for (const part of parts) socket.write(part);
    await new Promise((resolve) => socket.once("close", resolve));
    const [head = "", body = ""] = text.split("\r\n\r\n");
    return { status: Number(head.split(" ")[1]), head, body };
  };
  const sendProblem = async (status: number, ...parts: (string | Buffer)[]) => {
    const answer = await send(...parts);
    expect(answer).toMatchObject({ status });
    expect(answer.head.toLowerCase()).toContain("content-type: application/problem+json");
    expect(answer.head.toLowerCase()).toContain("x-request-id: ");
    return problem.parse(JSON.parse(answer.body));
  };
  const post = (bytes: Buffer | string, headers = "") => {
    const length = Buffer.byteLength(bytes);
    const head = `POST /api/chat HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n`;
    return [`${head}Content-Length: ${length}\r\n${headers}\r\n`, bytes] as const;
  };

  describe("a request body", () => {
    it.each([
      ["that is deeply nested", "[".repeat(30_000) + "]".repeat(30_000), "nested"],
      ["with a deeply nested value", `{"message":"x","metadata":${'{"a":'.repeat(100)}1${"}".repeat(100)}}`, "nested"],
      ["with a duplicate key", '{"message":"one","message":"two"}', "message: must not appear more than once"],
      [
        "with a duplicate key in another spelling",
        '{"message":"one","mess\\u0061ge":"two"}',
        "must not appear more than once",
      ],
      ["that has a prototype", '{"message":"x","__proto__":{"admin":true}}', "__proto__: is not allowed"],
      ["with a value that has one", '{"message":"x","metadata":{"__proto__":"y"}}', "__proto__: is not allowed"],
      [
        "that is not UTF-8",
        Buffer.concat([Buffer.from('{"message":"'), Buffer.from([0xff]), Buffer.from('"}')]),
        "UTF-8",
      ],
      ["with half a character in UTF-8", Buffer.from("7b226d657373616765223a22eda080227d", "hex"), "UTF-8"],
      ["in UTF-16", Buffer.from('{"message":"x"}', "utf16le"), "valid JSON"],
      ["with a NUL in it", '{"message":"a\u0000b"}', "valid JSON"],
      ["with a NUL spelt out", '{"message":"a\\u0000b"}', "message: must not contain U+0000"],
      ["with half a character spelt out", '{"message":"a\\ud83d"}', "message: must not contain lone surrogates"],
      ["of numbers beyond all bounds", '{"message":1e999}', "message"],
      ["of white space only", " ".repeat(1000), "valid JSON"],
    ])("%s gets 400, with the fault in the error", async (_, bytes, detail) => {
      expect((await sendProblem(400, ...post(bytes))).detail).toContain(detail);
    });

    it("that is gigabytes long, or compressed to a few bytes, is refused for its size", async () => {
      const head = "POST /api/chat HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n";
      await sendProblem(413, `${head}Content-Length: 10000000000\r\n\r\n{"message":"`);
      const bomb = gzipSync(`{"message":"x","history":[${" ".repeat(50_000_000)}]}`);
      await sendProblem(415, ...post(bomb, "Content-Encoding: gzip\r\n"));
      const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
      await sendProblem(413, `${head}Transfer-Encoding: chunked\r\n\r\n`, chunk.repeat(5));
    });

    it("without an end is read up to the limit and no further", async () => {
      const { hostname, port } = new URL(product().client.base);
      const socket = connect(Number(port), hostname);
      let sent = 0;
      const chunk = `4000\r\n${"x".repeat(16_384)}\r\n`;
      const sendMore = () => {
        sent += chunk.length;
        socket.write(chunk, (error) => !error && setImmediate(sendMore));
      };
      socket.on("error", () => undefined).resume();
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(`POST /api/chat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`);
      socket.write("Transfer-Encoding: chunked\r\n\r\n");
      sendMore();
      await closed;
      expect(sent).toBeGreaterThan(256 * 1024);
    });
  });

  describe("with thousands of faults", () => {
    const faulty = JSON.stringify({ message: "x", history: Array.from({ length: 1300 }, () => ({ a: 1 })) });
    const few = JSON.stringify({ message: "x", history: Array.from({ length: 50 }, () => ({ text: 1, sender: 2 })) });
    const named = JSON.stringify({ message: "x", history: [{ ["k".repeat(200_000)]: 1 }] });

    it.each([faulty, few, named])(
      "gets an error that lists at most twenty of them, in a few words each (%#)",
      async (bytes) => {
        const [head, body] = post(bytes);
        const answer = await sendProblem(400, head, body);
        expect(answer.errors?.length).toBeGreaterThan(0);
        expect(answer.errors?.length).toBeLessThanOrEqual(20);
        expect(JSON.stringify(answer).length).toBeLessThan(10_000);
      },
    );
  });

  it.each(["\u200b", "\u2800 \u3164", "\u{e0001}\ufe0f", "\u00ad\u2060"])(
    "refuses a message of invisible characters as empty (%#)",
    async (message) => {
      const { calls } = product().provider;
      const before = calls.length;
      expect((await sendProblem(400, ...post(JSON.stringify({ message })))).detail).toContain("must not be empty");
      expect(calls).toHaveLength(before);
    },
  );

  it.each(["/", "/demo.js", "/demo.css", "/docs", "/docs/docs.css", "/openapi.json", "/widget.js"])(
    "answers 304 for %s if the client has it already",
    async (path) => {
      const { client } = product();
      const first = await client.request(path);
      const etag = first.headers.get("etag") ?? "none";
      expect([first.status, etag]).toEqual([200, expect.stringMatching(/^W\/"/)]);
      const again = await client.request(path, { headers: { "if-none-match": etag } });
      expect([again.status, again.text]).toEqual([304, ""]);
      const other = await client.request(path, { headers: { "if-none-match": 'W/"another"' } });
      expect([other.status, other.text]).toEqual([200, first.text]);
    },
  );

  it("cuts a client that sends seventeen requests without reading, but not one that sends sixteen", async () => {
    const ask = "GET /docs HTTP/1.1\r\nHost: x\r\n\r\n";
    const last = "GET /docs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const all = await send(ask.repeat(15) + last);
    expect(all.body.length).toBeGreaterThan(0);
    const cut = await send(ask.repeat(2000));
    expect(cut.head).not.toContain("500");
    const { text } = await product().client.request("/metrics");
    expect(text).toMatch(/parley_http_connections_cut_total\{reason="unanswered"\} [1-9]/);
  });

  it("answers headers that are too large, malformed or missing with an error", async () => {
    expect((await sendProblem(431, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`)).type).toBe(
      "/problems/headers-too-large",
    );
    await sendProblem(400, "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n");
    await sendProblem(400, "nonsense\r\n\r\n");
    expect((await sendProblem(400, "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n")).detail).toContain("Host");
    expect((await send("GET /livez HTTP/1.0\r\n\r\n")).status).toBe(200);
  });

  it("refuses a duplicated header, or uses its first value", async () => {
    const { client } = product();
    const [own, other] = [await client.submit("Mine"), await client.submit("Another's")];
    const get = (headers: string) =>
      send(`GET /api/conversations/${own.conversationId} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);
    const bearer = (token: string) => `Authorization: Bearer ${token}\r\n`;
    expect((await get(bearer(own.token) + bearer(other.token))).status).toBe(200);
    expect((await get(bearer(other.token) + bearer(own.token))).status).toBe(403);
    const key = "Idempotency-Key: 01a2020b-cfaf-431e-ae31-e6a1ee224780\r\n";
    await sendProblem(400, ...post('{"message":"x"}', key + key));
  });

  it.each(["PUT", "PATCH", "TRACE", "PROPFIND", "DELETE", "GET"])("answers the method %s with 404", async (method) => {
    const path = method === "GET" || method === "DELETE" ? "/api/chat" : "/api/jobs/x";
    await sendProblem(404, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });

  it("refuses tunnels and protocol upgrades", async () => {
    expect((await send("CONNECT db:5432 HTTP/1.1\r\nHost: x\r\n\r\n")).head).not.toContain(" 200 ");
    const upgrade = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n";
    expect((await send(upgrade)).head).not.toContain(" 101 ");
  });

  it("still answers after all of this, and has logged no error", async () => {
    const { client, output } = product();
    await client.ended(await client.submit("Still here"));
    expect(Object.hasOwn(Object.prototype, "admin")).toBe(false);
    expect(output()).not.toMatch(/"level":[56]0/);
  });
});
