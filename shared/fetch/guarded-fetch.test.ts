import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, createServer as createNetServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeCertificates, opensslAvailable } from "../testing/fixtures/certificates.ts";
import { FetchError } from "./fetch-error.ts";
import { type GetOptions, type GuardedFetch, openGuardedFetch } from "./guarded-fetch.ts";

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of opened.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  opened.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener) => listen(createServer(listener));

/** Client of a site that lists this machine as its own network. */
function open(ports: number[], options: Partial<Parameters<typeof openGuardedFetch>[0]> = {}): GuardedFetch {
  const client = openGuardedFetch({ userAgent: "TestBot/1.0", allowPrivate: ["127.0.0.0/8"], ports, ...options });
  opened.push(() => client.close());
  return client;
}

const limits: GetOptions = { maxBytes: 10_000, timeoutMs: 5000 };

async function failure(work: Promise<unknown>): Promise<FetchError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof FetchError) return error;
  throw new Error("expected a FetchError", { cause: error });
}

/** Proxy that connects wherever it is asked to, and notes that. */
async function startProxy(status = 200) {
  const asked: { authority: string | undefined; authorization: string | undefined }[] = [];
  const server = createServer((_req, res) => res.writeHead(500).end("no proxy for plain requests"));
  server.on("connect", (req: IncomingMessage, socket) => {
    asked.push({ authority: req.url, authorization: req.headers["proxy-authorization"] });
    socket.on("error", () => undefined);
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const { hostname, port } = new URL(`http://${req.url}`);
    const upstream = connect(Number(port), hostname, () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
    upstream.on("error", () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
    return undefined;
  });
  return { port: await listen(server), asked };
}

describe("guarded fetch", () => {
  it("gives status, headers and decompressed bytes", async () => {
    let received: IncomingMessage["headers"] = {};
    const port = await serve((req, res) => {
      received = req.headers;
      res.writeHead(200, { "content-encoding": "gzip", etag: '"1"', "x-robots-tag": ["noindex", "nofollow"] });
      res.end(gzipSync("Returns"));
    });
    const response = await open([port]).get(`http://127.0.0.1:${port}/help?a=1#x`, {
      ...limits,
      headers: { Accept: "text/html", "User-Agent": "another" },
    });
    expect(response.status).toBe(200);
    expect(response.url.href).toBe(`http://127.0.0.1:${port}/help?a=1`);
    expect(response.headers).toMatchObject({ etag: '"1"', "x-robots-tag": "noindex, nofollow" });
    expect(response.bytes.toString()).toBe("Returns");
    expect(received).toMatchObject({ accept: "text/html", "user-agent": "TestBot/1.0" });
  });

  it("gives a failed status as a response", async () => {
    const port = await serve((_req, res) => res.writeHead(503, { "retry-after": "7" }).end("later"));
    const response = await open([port]).get(`http://127.0.0.1:${port}/`, limits);
    expect([response.status, response.headers["retry-after"]]).toEqual([503, "7"]);
  });

  it("gives a failed status or a redirect whatever its body is like", async () => {
    const port = await serve((req, res) => {
      const status = Number(req.url?.slice(1));
      if (status === 302) res.writeHead(status, { location: "/410", "content-encoding": "gzip" }).end("damaged");
      else if (status === 410) res.writeHead(status, { "content-encoding": "br" }).end("damaged");
      else res.writeHead(status, { "content-length": "20000" }).write("long");
    });
    const get = (path: string) => open([port]).get(`http://127.0.0.1:${port}${path}`, limits);
    expect(await get("/404")).toMatchObject({ status: 404, cut: true });
    const gone = { status: 410, bytes: Buffer.alloc(0), cut: true };
    expect(await get("/302")).toMatchObject(gone);
  });

  it("refuses a private address without a connection", async () => {
    let requests = 0;
    const port = await serve((_req, res) => res.end(String((requests += 1))));
    const client = open([port], { allowPrivate: [] });
    for (const host of ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"]) {
      const error = await failure(client.get(`http://${host}:${port}/`, limits));
      expect(error.code, host).toBe("not-allowed");
      expect(error.message).toContain("FETCH_ALLOW_PRIVATE");
    }
    expect(requests).toBe(0);
  });

  it("refuses a name if one of its addresses is refused", async () => {
    const port = await serve((_req, res) => res.end());
    const resolve = () =>
      Promise.resolve([
        { address: "127.0.0.1", family: 4 },
        { address: "10.0.0.1", family: 4 },
      ]);
    const error = await failure(open([port], { resolve }).get(`http://shop.test:${port}/`, limits));
    expect(error.code).toBe("not-allowed");
    expect(error.message).not.toMatch(/10\.0\.0\.1/);
  });

  it("connects to the address that was checked, and resolves a name once for it", async () => {
    const port = await serve((req, res) => res.end(req.headers.host));
    const names: string[] = [];
    const resolve = (name: string) => {
      names.push(name);
      // A second answer would be a private one.
      return Promise.resolve([{ address: names.length === 1 ? "127.0.0.1" : "10.0.0.1", family: 4 }]);
    };
    const response = await open([port], { resolve }).get(`http://shop.test:${port}/`, limits);
    expect(response.bytes.toString()).toBe(`shop.test:${port}`);
    expect(names).toEqual(["shop.test"]);
  });

  it("reports names that do not resolve, ports that are not listed and addresses that are none", async () => {
    const client = open([]);
    expect((await failure(client.get("http://shop.invalid/", limits))).code).toBe("unresolved");
    expect((await failure(client.get("http://127.0.0.1:6379/", limits))).code).toBe("not-allowed");
    expect((await failure(client.get("gopher://127.0.0.1/", limits))).code).toBe("invalid-url");
  });

  it("follows redirects and checks each", async () => {
    const port = await serve((req, res) => {
      if (req.url === "/a") res.writeHead(301, { location: "/b" }).end();
      else if (req.url === "/inside") res.writeHead(302, { location: "http://10.0.0.1/" }).end();
      else if (req.url === "/file") res.writeHead(302, { location: "file:///etc/passwd" }).end();
      else res.end("b");
    });
    const client = open([port]);
    const response = await client.get(`http://127.0.0.1:${port}/a`, limits);
    expect([response.url.pathname, response.bytes.toString()]).toEqual(["/b", "b"]);
    expect((await failure(client.get(`http://127.0.0.1:${port}/inside`, limits))).code).toBe("not-allowed");
    expect((await failure(client.get(`http://127.0.0.1:${port}/file`, limits))).code).toBe("invalid-url");
  });

  it("ends a loop of redirects, and gives a redirect as it is if none may be followed", async () => {
    let requests = 0;
    const port = await serve((_req, res) => {
      requests += 1;
      res.writeHead(302, { location: `/?${requests}` }).end();
    });
    const client = open([port]);
    const address = `http://127.0.0.1:${port}/`;
    expect((await failure(client.get(address, { ...limits, maxRedirects: 3 }))).code).toBe("too-many-redirects");
    expect(requests).toBe(4);
    const redirect = await client.get(address, { ...limits, maxRedirects: 0 });
    expect([redirect.status, redirect.redirectsTo?.href]).toEqual([302, `${address}?5`]);
  });

  it("carries no credentials to another origin", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const other = await serve((req, res) => {
      seen.push(req.headers);
      res.end();
    });
    const port = await serve((req, res) => {
      seen.push(req.headers);
      const location = req.url === "/a" ? "/b" : `http://127.0.0.1:${other}/`;
      res.writeHead(307, { location }).end();
    });
    const headers = { Authorization: "Bearer x", Cookie: "a=b", "X-Api-Key": "k", "If-None-Match": '"1"' };
    await open([port, other]).get(`http://127.0.0.1:${port}/a`, { ...limits, headers });
    const secrets = seen.map(({ authorization, cookie, "x-api-key": key }) => [authorization, cookie, key]);
    const all = ["Bearer x", "a=b", "k"];
    expect(secrets).toEqual([all, all, [undefined, undefined, undefined]]);
    expect(seen[2]?.["if-none-match"]).toBe('"1"');
  });
});

describe("limits of a guarded fetch", () => {
  it("refuses a body that announces too much before it arrives", async () => {
    const port = await serve((_req, res) => {
      res.writeHead(200, { "content-length": "20000" });
      res.write("a");
    });
    expect((await failure(open([port]).get(`http://127.0.0.1:${port}/`, limits))).code).toBe("too-large");
  });

  it("stops an endless body and closes its connection", async () => {
    const closed = Promise.withResolvers<void>();
    const port = await serve((_req, res) => {
      const write = () => {
        while (!res.destroyed && res.write("a".repeat(1000)));
      };
      res.on("drain", write).on("close", () => closed.resolve());
      write();
    });
    const client = open([port]);
    expect((await failure(client.get(`http://127.0.0.1:${port}/`, limits))).code).toBe("too-large");
    await closed.promise;
    const { bytes, cut } = await client.get(`http://127.0.0.1:${port}/`, { ...limits, overflow: "cut" });
    expect([bytes.length, cut]).toEqual([10_000, true]);
  });

  it("ends a response that arrives drop by drop", async () => {
    const port = await serve((_req, res) => {
      const timer = setInterval(() => res.write("a"), 50);
      res.on("close", () => clearInterval(timer));
    });
    const error = await failure(open([port]).get(`http://127.0.0.1:${port}/`, { ...limits, timeoutMs: 300 }));
    expect(error).toMatchObject({ code: "timeout", retryable: true });
  });

  it("counts the time of all redirects together, and of a name that does not resolve", async () => {
    const port = await serve((_req, res) => {
      setTimeout(() => res.writeHead(302, { location: "/" }).end(), 100);
    });
    const slow = { ...limits, timeoutMs: 250 };
    expect((await failure(open([port]).get(`http://127.0.0.1:${port}/`, slow))).code).toBe("timeout");
    const resolve = () => new Promise<never>(() => undefined);
    expect((await failure(open([], { resolve }).get("http://shop.test/", slow))).code).toBe("timeout");
  });

  it("stops when its signal does", async () => {
    const aborter = new AbortController();
    const port = await serve(() => aborter.abort());
    const work = open([port]).get(`http://127.0.0.1:${port}/`, { ...limits, signal: aborter.signal });
    expect(await failure(work)).toMatchObject({ code: "aborted", retryable: false });
  });

  it("reports damaged responses and closed connections", async () => {
    const broken = await listen(createNetServer((socket) => socket.on("error", () => undefined).end("SSH-2.0-x\r\n")));
    const closing = await listen(createNetServer((socket) => socket.on("error", () => undefined).destroy()));
    const damaged = await serve((req, res) => {
      res.writeHead(200, { "content-encoding": req.url?.slice(1) }).end("neither this nor that");
    });
    const early = await serve((_req, res) => {
      res.writeHead(200, { "content-length": "100" });
      res.write("a", () => res.destroy());
    });
    const client = open([broken, closing, damaged, early]);
    const codeAt = async (port: number, path = "") =>
      (await failure(client.get(`http://127.0.0.1:${port}/${path}`, limits))).code;
    expect(await codeAt(broken)).toBe("bad-response");
    for (const coding of ["gzip", "deflate", "br", "zstd"]) {
      expect(await codeAt(damaged, coding), coding).toBe("bad-response");
    }
    expect(await codeAt(closing)).toBe("unreachable");
    expect(await codeAt(early)).toBe("unreachable");
  });

  it.runIf(opensslAvailable)("refuses a certificate that no known authority signed", async () => {
    await using certificates = await makeCertificates();
    const files = { cert: readFileSync(certificates.cert), key: readFileSync(certificates.key) };
    const port = await listen(createTlsServer(files, (_req, res) => res.end()));
    const error = await failure(open([port]).get(`https://127.0.0.1:${port}/`, limits));
    expect(error).toMatchObject({ code: "certificate", retryable: true });
    // The tunnel of a proxy changes nothing about that.
    const proxy = await startProxy();
    const client = open([port], { proxy: `http://127.0.0.1:${proxy.port}` });
    expect((await failure(client.get(`https://127.0.0.1:${port}/`, limits))).code).toBe("certificate");
    expect(proxy.asked).toHaveLength(1);
  });

  it("ends when a look at the response throws, and passes that on", async () => {
    const port = await serve((_req, res) => res.writeHead(200, { "content-type": "video/mp4" }).write("a"));
    const refusal = new Error("no page");
    const onResponse = () => {
      throw refusal;
    };
    await expect(open([port]).get(`http://127.0.0.1:${port}/`, { ...limits, onResponse })).rejects.toBe(refusal);
  });
});

describe("proxies of a guarded fetch", () => {
  it("asks the proxy to connect to the checked address", async () => {
    const port = await serve((req, res) => res.end(req.headers.host));
    const proxy = await startProxy();
    const resolve = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
    const client = open([port], { resolve, proxy: `http://ana:s%40x@127.0.0.1:${proxy.port}` });
    const response = await client.get(`http://shop.test:${port}/`, limits);
    expect(response.bytes.toString()).toBe(`shop.test:${port}`);
    const authorization = `Basic ${Buffer.from("ana:s@x").toString("base64")}`;
    expect(proxy.asked).toEqual([{ authority: `127.0.0.1:${port}`, authorization }]);
  });

  it("refuses a private address before the proxy is asked", async () => {
    const proxy = await startProxy();
    const client = open([8080], { proxy: `http://127.0.0.1:${proxy.port}` });
    for (const host of ["10.0.0.1", "[::1]"]) {
      expect((await failure(client.get(`http://${host}:8080/`, limits))).code).toBe("not-allowed");
    }
    expect(proxy.asked).toEqual([]);
  });

  it("reports a proxy that refuses", async () => {
    const proxy = await startProxy(403);
    const client = open([8080], { proxy: `http://127.0.0.1:${proxy.port}` });
    expect((await failure(client.get("http://127.0.0.1:8080/", limits))).code).toBe("proxy");
    const none = open([8080], { proxy: "http://127.0.0.1:9" });
    expect((await failure(none.get("http://127.0.0.1:8080/", limits))).code).toBe("proxy");
  });

  it("uses no proxy of the environment", async () => {
    const proxy = await startProxy();
    const port = await serve((_req, res) => res.end("direct"));
    for (const name of ["HTTP_PROXY", "http_proxy", "ALL_PROXY"]) vi.stubEnv(name, `http://127.0.0.1:${proxy.port}`);
    const response = await open([port]).get(`http://127.0.0.1:${port}/`, limits);
    expect([response.bytes.toString(), proxy.asked]).toEqual(["direct", []]);
  });
});

describe("a request that may change something", () => {
  it("has method and body, a connection of its own, and follows no redirect", async () => {
    const asked: string[] = [];
    const ports = new Set<number | undefined>();
    const port = await serve((req, res) => {
      ports.add(req.socket.remotePort);
      req.on("data", (chunk: Buffer) => asked.push(`${req.method} ${req.url} ${chunk.toString()}`));
      req.on("end", () => res.writeHead(303, { location: "/done" }).end());
    });
    const client = open([port]);
    for (const body of ["one", "two"]) {
      const sent = await client.send(`http://127.0.0.1:${port}/`, { ...limits, method: "POST", body });
      expect(sent).toMatchObject({ status: 303, redirectsTo: { pathname: "/done" } });
    }
    expect(asked).toEqual(["POST / one", "POST / two"]);
    expect(ports).toHaveProperty("size", 2);
  });

  it("says when it has a connection: before that nothing was sent", async () => {
    const port = await serve((req) => req.socket.destroy());
    const client = open([port]);
    const said: string[] = [];
    const send = (url: string) =>
      failure(client.send(url, { ...limits, method: "POST", onConnect: () => said.push(url) }));
    const [refused, reached] = [`http://192.168.0.1:${port}/`, `http://127.0.0.1:${port}/`];
    expect(await send(refused)).toMatchObject({ code: "not-allowed" });
    expect(await send(reached)).toMatchObject({ code: "unreachable" });
    expect(said).toEqual([reached]);
  });
});
