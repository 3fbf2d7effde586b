import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { openGuardedFetch } from "../../../shared/fetch/guarded-fetch.ts";
import { fetchPage, type PageOutcome } from "./fetch-page.ts";
import { HostPace } from "./host-pace.ts";
import { RobotsCache } from "./robots/robots-cache.ts";

const userAgent = "FormBot/1.0 (+https://form.test)";
const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

type Page = string | RequestListener;

/** Serves pages on loopback; robots.txt allows everything if there is none. */
async function startSite(pages: Record<string, Page>) {
  const requests: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    requests.push(req);
    const page = pages[req.url ?? ""];
    if (page === undefined) res.writeHead(404).end("no such page");
    else if (typeof page === "string") res.writeHead(200, { "content-type": "text/html" }).end(page);
    else page(req, res);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  opened.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  const { port } = server.address() as AddressInfo;
  return { port, pages, origin: `http://127.0.0.1:${port}`, requests, paths: () => requests.map(({ url }) => url) };
}

/** Crawler of a site that lists this machine as its own network. */
function startCrawler(ports: number[], { now = Date.now }: { now?: () => number } = {}) {
  const client = openGuardedFetch({ userAgent, allowPrivate: ["127.0.0.0/8"], ports });
  opened.push(() => client.close());
  const pace = new HostPace({ pauseMs: 0 });
  const robots = new RobotsCache({ client, pace, userAgent, now });
  const accepts = (mediaType: string) => mediaType === "text/html";
  const never = new AbortController().signal;
  const shared = { client, robots, pace, userAgent, maxBytes: 10_000, accepts };
  return (address: string, stored = {}, signal = never): Promise<PageOutcome> =>
    fetchPage(address, stored, { ...shared, signal });
}

const status =
  (code: number, headers = {}): RequestListener =>
  (_req, res) =>
    res.writeHead(code, headers).end("x");

describe("fetching a page", () => {
  it("gives its bytes, type, validators and final address", async () => {
    const site = await startSite({
      "/a": status(301, { location: "/b#part" }),
      "/b": (_req, res) =>
        res
          .writeHead(200, {
            "content-type": "Text/HTML; charset=euc-kr",
            etag: '"v1"',
            "last-modified": "Sun, 29 Nov 2026 12:00:00 GMT",
            "x-robots-tag": "noindex",
          })
          .end("page"),
    });
    expect(await startCrawler([site.port])(`${site.origin}/a#top`)).toEqual({
      kind: "page",
      bytes: Buffer.from("page"),
      mediaType: "text/html",
      contentType: "Text/HTML; charset=euc-kr",
      charset: "euc-kr",
      url: `${site.origin}/b`,
      etag: '"v1"',
      lastModified: "Sun, 29 Nov 2026 12:00:00 GMT",
      noindex: true,
    });
    expect(site.requests.at(-1)?.headers["user-agent"]).toBe(userAgent);
  });

  it("asks with the validators of the stored version", async () => {
    const site = await startSite({
      "/a": (req, res) => {
        const same = req.headers["if-none-match"] === '"v1"' && req.headers["if-modified-since"] !== undefined;
        res.writeHead(same ? 304 : 200, { "content-type": "text/html" }).end();
      },
    });
    const fetch = startCrawler([site.port]);
    const stored = { etag: '"v1"', lastModified: "Sun, 29 Nov 2026 12:00:00 GMT" };
    expect(await fetch(`${site.origin}/a`, stored)).toEqual({ kind: "unchanged" });
    expect(await fetch(`${site.origin}/a`, { etag: '"v0"' })).toMatchObject({ kind: "page" });
  });

  it.each([
    [404, { kind: "gone", status: 404 }],
    [410, { kind: "gone", status: 410 }],
    [401, { kind: "left-out", reason: "status" }],
    [403, { kind: "left-out", reason: "status" }],
    [451, { kind: "left-out", reason: "status" }],
    [204, { kind: "left-out", reason: "status" }],
    [429, { kind: "try-later", reason: "status", afterMs: 300_000 }],
    [408, { kind: "try-later", reason: "status" }],
    [500, { kind: "try-later", reason: "status" }],
    [503, { kind: "try-later", reason: "status" }],
  ])("answers status %i with its outcome", async (code, outcome) => {
    const site = await startSite({ "/a": status(code) });
    expect(await startCrawler([site.port])(`${site.origin}/a`)).toMatchObject(outcome);
  });

  it("waits as long as Retry-After asks, at most an hour", async () => {
    const site = await startSite({ "/a": status(503, { "retry-after": "999999" }) });
    expect(await startCrawler([site.port])(`${site.origin}/a`)).toMatchObject({
      kind: "try-later",
      afterMs: 3_600_000,
    });
  });

  it("leaves out other types before their body, larger pages, loops and addresses that are none", async () => {
    const site = await startSite({
      "/video": (_req, res) => res.writeHead(200, { "content-type": "video/mp4" }).write("endless"),
      "/large": "x".repeat(10_001),
      "/loop": status(302, { location: "/loop" }),
      "/inside": status(302, { location: "http://10.0.0.1/" }),
      "/file": status(302, { location: "file:///etc/passwd" }),
    });
    const fetch = startCrawler([site.port]);
    const reasonOf = async (path: string) => {
      const outcome = await fetch(`${site.origin}${path}`);
      return outcome.kind === "left-out" ? outcome.reason : outcome.kind;
    };
    expect(await reasonOf("/video")).toBe("media-type");
    expect(await reasonOf("/large")).toBe("size");
    expect(await reasonOf("/loop")).toBe("redirects");
    expect(await reasonOf("/file")).toBe("address");
    expect(await fetch("mailto:a@b.test")).toMatchObject({ kind: "left-out", reason: "address" });
    expect(await reasonOf("/inside")).toBe("address");
  });

  it("tries later when nothing answers", async () => {
    const site = await startSite({ "/a": (_req, res) => res.destroy() });
    expect(await startCrawler([site.port])(`${site.origin}/a`)).toMatchObject({ kind: "try-later", reason: "network" });
  });
});

describe("robots.txt of a page's origin", () => {
  it("is asked for once, and obeyed for redirects, too", async () => {
    const other = await startSite({ "/robots.txt": "User-agent: FormBot\nDisallow: /secret", "/secret": "no" });
    const site = await startSite({
      "/robots.txt": "User-agent: *\nDisallow: /basket",
      "/a": "a",
      "/basket": "no",
      "/away": status(302, { location: `${other.origin}/secret` }),
    });
    const fetch = startCrawler([site.port, other.port]);
    const denied = { kind: "left-out", reason: "robots" };
    expect(await fetch(`${site.origin}/basket`)).toMatchObject(denied);
    expect(await fetch(`${site.origin}/away`)).toMatchObject(denied);
    expect(await fetch(`${site.origin}/a`)).toMatchObject({ kind: "page" });
    expect(site.paths()).toEqual(["/robots.txt", "/away", "/a"]);
    expect(other.paths()).toEqual(["/robots.txt"]);
  });

  it("is one request for pages that are asked for at the same time", async () => {
    const site = await startSite({ "/a": "a", "/b": "b" });
    const fetch = startCrawler([site.port]);
    await Promise.all([fetch(`${site.origin}/a`), fetch(`${site.origin}/b`)]);
    expect(site.paths()).toEqual(["/robots.txt", "/a", "/b"]);
  });

  it("is read for a page whose neighbour was stopped while it was read", async () => {
    const asked = Promise.withResolvers<void>();
    const site = await startSite({ "/robots.txt": () => asked.resolve(), "/a": "a", "/b": "b" });
    const fetch = startCrawler([site.port]);
    const aborter = new AbortController();
    const stopped = fetch(`${site.origin}/a`, {}, aborter.signal);
    const other = fetch(`${site.origin}/b`);
    await asked.promise;
    site.pages["/robots.txt"] = "";
    aborter.abort();
    await expect(stopped).rejects.toMatchObject({ code: "aborted" });
    expect(await other).toMatchObject({ kind: "page" });
  });

  it("is read again after a day", async () => {
    let now = Date.now();
    const site = await startSite({ "/a": "a" });
    const fetch = startCrawler([site.port], { now: () => now });
    await fetch(`${site.origin}/a`);
    now += 86_400_000;
    await fetch(`${site.origin}/a`);
    expect(site.paths()).toEqual(["/robots.txt", "/a", "/robots.txt", "/a"]);
  });

  it.each([400, 401, 403, 404, 410, 451])("allows everything with status %i", async (code) => {
    const site = await startSite({ "/robots.txt": status(code), "/a": "a" });
    expect(await startCrawler([site.port])(`${site.origin}/a`)).toMatchObject({ kind: "page" });
  });

  it.each([500, 502, 503, 429])("keeps us away with status %i, and is asked again later", async (code) => {
    let now = Date.now();
    const site = await startSite({ "/robots.txt": status(code, { "retry-after": "60" }), "/a": "a" });
    const fetch = startCrawler([site.port], { now: () => now });
    const later = { kind: "try-later", reason: "robots", afterMs: 60_000 };
    expect(await fetch(`${site.origin}/a`)).toMatchObject(later);
    expect(await fetch(`${site.origin}/a`)).toMatchObject(later);
    now += 60_000;
    await fetch(`${site.origin}/a`);
    expect(site.paths()).toEqual(["/robots.txt", "/robots.txt"]);
  });

  it("keeps us away when it does not answer, and allows everything after too many redirects", async () => {
    const dead = await startSite({ "/robots.txt": (_req, res) => res.destroy(), "/a": "a" });
    const loop = await startSite({ "/robots.txt": status(302, { location: "/robots.txt" }), "/a": "a" });
    const fetch = startCrawler([dead.port, loop.port]);
    expect(await fetch(`${dead.origin}/a`)).toMatchObject({ kind: "try-later", reason: "robots" });
    expect(await fetch(`${loop.origin}/a`)).toMatchObject({ kind: "page" });
  });

  it("may be on another host, for the rules of this one", async () => {
    const other = await startSite({ "/rules": "User-agent: *\nDisallow: /a" });
    const site = await startSite({ "/robots.txt": status(302, { location: `${other.origin}/rules` }), "/a": "a" });
    expect(await startCrawler([site.port, other.port])(`${site.origin}/a`)).toMatchObject({ kind: "left-out" });
  });

  it("is obeyed up to its limit of size", async () => {
    const robots = `User-agent: *\nDisallow: /a\n${"# long\n".repeat(100_000)}Disallow: /b\n`;
    const site = await startSite({ "/robots.txt": robots, "/a": "a", "/b": "b" });
    const fetch = startCrawler([site.port]);
    expect(await fetch(`${site.origin}/a`)).toMatchObject({ kind: "left-out", reason: "robots" });
    expect(await fetch(`${site.origin}/b`)).toMatchObject({ kind: "page" });
  });
});
