import express, { type NextFunction, type Request, type Response } from "express";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import type { Problem } from "../../../shared/errors.ts";
import { allowOrigins, refuseForeignOperations, refuseForeignWrites, reportOrigin } from "./origins.ts";

const servers: { close: () => void }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

type OriginsConfig = Parameters<typeof allowOrigins>[0];
const listed = ["https://shop.example", "https://*.example.com", "http://*.localhost:3000", "capacitor://localhost"];
const own = "chat.example.org";

/** An application that has nothing but these rules; it answers what it lets through with 200. */
async function serve(config: Partial<OriginsConfig>, onRefused?: (origin: string) => void) {
  const full: OriginsConfig = { NODE_ENV: "production", ALLOWED_ORIGINS: undefined, ...config };
  const app = express();
  app.use(allowOrigins(full, onRefused));
  app.get("/api/origin", reportOrigin(full));
  app.use("/api", refuseForeignWrites(full));
  app.use("/admin", refuseForeignOperations);
  app.use((_req, res) => void res.send("through"));
  app.use(
    (error: Problem, _req: Request, res: Response, _next: NextFunction) =>
      void res.status(error.status).send(error.message),
  );
  const server = app.listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return async (method: string, path: string, headers: Record<string, string> = {}) => {
    const call = httpRequest({ port, host: "127.0.0.1", method, path, headers: { host: own, ...headers } }).end();
    const [answer] = (await once(call, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode, headers: answer.headers, text };
  };
}

const allowed = [
  "https://shop.example",
  "https://www.example.com",
  "https://a.b.example.com",
  "https://x-1.example.com",
  "http://shop.localhost:3000",
  "capacitor://localhost",
];
const strangers = [
  "https://evil.example",
  "http://shop.example",
  "https://shop.example:8443",
  "https://shop.example.evil.example",
  "https://example.com",
  "https://evilexample.com",
  "https://.example.com",
  "https://evil.example/.example.com",
  "https://evil.example#.example.com",
  "https://user@evil.example?.example.com",
  "http://www.example.com",
  "http://localhost:3000",
  "https://SHOP.example",
  "null",
  "",
  "*",
];

describe("pages of listed origins", () => {
  it.each(allowed)("may read and write (%s)", async (origin) => {
    const ask = await serve({ ALLOWED_ORIGINS: listed });
    for (const method of ["GET", "POST", "DELETE"]) {
      const { status, headers } = await ask(method, "/api/chat", { origin, "sec-fetch-site": "cross-site" });
      expect([status, headers["access-control-allow-origin"], headers["vary"]]).toEqual([200, origin, "Origin"]);
      expect(headers["access-control-expose-headers"]).toMatch(/Retry-After,RateLimit,RateLimit-Policy/);
      expect(headers["access-control-allow-credentials"]).toBeUndefined();
    }
    const preflight = await ask("OPTIONS", "/api/chat", { origin, "access-control-request-method": "POST" });
    expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([204, origin]);
    expect(preflight.headers["access-control-allow-headers"]).toMatch(/X-Parley-Identity,X-Parley-Challenge/);
  });

  it.each(strangers)("do not match other origins (%j)", async (origin) => {
    const ask = await serve({ ALLOWED_ORIGINS: listed });
    const read = await ask("GET", "/api/providers", { origin });
    expect([read.status, read.headers["access-control-allow-origin"]]).toEqual([200, undefined]);
    for (const method of ["POST", "DELETE", "PUT", "PATCH"]) {
      const write = await ask(method, "/api/chat", { origin });
      expect([write.status, write.headers["access-control-allow-origin"]]).toEqual([403, undefined]);
      expect(write.text).toContain("ALLOWED_ORIGINS");
    }
    if (origin === "") return;
    const preflight = await ask("OPTIONS", "/api/chat", { origin, "access-control-request-method": "POST" });
    expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([403, undefined]);
  });
});

describe("without listed origins", () => {
  const near = ["http://localhost", "http://localhost:5173", "https://127.0.0.1:8443", "http://[::1]:3000"];

  it.each(near)("allows writes from pages of this machine (%s) in development, not in production", async (origin) => {
    const develops = await serve({ NODE_ENV: "development" });
    expect((await develops("POST", "/api/chat", { origin })).status).toBe(200);
    const produces = await serve({});
    expect((await produces("POST", "/api/chat", { origin })).status).toBe(403);
  });

  it.each([
    "http://localhost.evil.example",
    "http://evil.example/localhost",
    "http://localhost:80x",
    "http://127.0.0.2",
  ])("no page that looks like one of this machine may (%s)", async (origin) => {
    const ask = await serve({ NODE_ENV: "development" });
    expect((await ask("POST", "/api/chat", { origin })).status).toBe(403);
  });
});

describe("a write", () => {
  it("is allowed from our own page, by fetch metadata or by host", async () => {
    const ask = await serve({});
    const origin = `https://${own}`;
    for (const headers of [{ origin, "sec-fetch-site": "same-origin" }, { origin }, { origin: `http://${own}` }]) {
      expect((await ask("POST", "/api/chat", headers)).status).toBe(200);
    }
  });

  it("is allowed from a client that is no browser", async () => {
    expect((await (await serve({}))("POST", "/api/chat")).status).toBe(200);
  });

  it("is refused from another site's page even if the browser sends no Origin", async () => {
    const ask = await serve({ ALLOWED_ORIGINS: listed });
    for (const site of ["cross-site", "same-site", "nonsense"]) {
      expect((await ask("POST", "/api/chat", { "sec-fetch-site": site })).status).toBe(403);
    }
    // Statements of the browser about the site count more than a host that looks like ours.
    const forged = { origin: `https://${own}`, "sec-fetch-site": "cross-site" };
    expect((await ask("POST", "/api/chat", forged)).status).toBe(403);
  });

  it("to operator routes is allowed from our own pages only, whatever origins are listed", async () => {
    const ask = await serve({ ALLOWED_ORIGINS: listed });
    const put = async (headers: Record<string, string>) => (await ask("PUT", "/admin/queues/x", headers)).status;
    expect(await put({})).toBe(200);
    expect(await put({ origin: `https://${own}`, "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await put({ origin: `https://${own}` })).toBe(200);
    expect(await put({ "sec-fetch-site": "same-site" })).toBe(403);
    for (const origin of [...allowed, ...strangers]) expect(await put({ origin })).toBe(403);
    expect((await ask("GET", "/admin/queues", { origin: "https://evil.example" })).status).toBe(200);
  });
});

describe("widget files", () => {
  it("may be loaded by any page; nothing else may", async () => {
    const ask = await serve({});
    const origin = "https://anybody.example";
    for (const path of ["/widget.js", "/widget/markdown.js"]) {
      expect((await ask("GET", path, { origin })).headers["access-control-allow-origin"]).toBe("*");
    }
    for (const path of ["/widget", "/widget.js/x", "/api/widget.js", "/"]) {
      expect((await ask("GET", path, { origin })).headers["access-control-allow-origin"]).toBeUndefined();
    }
  });
});

describe("the question whether an origin is allowed", () => {
  it.each([...allowed, ...strangers.filter((origin) => origin !== "")])(
    "is answered on every page (%s)",
    async (origin) => {
      const ask = await serve({ ALLOWED_ORIGINS: listed });
      const { headers, text } = await ask("GET", "/api/origin", { origin, "sec-fetch-site": "cross-site" });
      expect(headers["access-control-allow-origin"]).toBe("*");
      expect(headers["cache-control"]).toBe("no-store");
      expect(JSON.parse(text)).toEqual({ origin, allowed: allowed.includes(origin) });
    },
  );

  it("is answered with yes on our own pages and for clients that are no browser", async () => {
    const ask = await serve({});
    for (const headers of [{}, { "sec-fetch-site": "same-origin" }, { origin: `https://${own}` }]) {
      expect(JSON.parse((await ask("GET", "/api/origin", headers)).text)).toMatchObject({ allowed: true });
    }
  });
});

describe("refused origins", () => {
  it("are reported for reads, preflight requests and writes of the API, and not for the widget's files", async () => {
    const refused: string[] = [];
    const ask = await serve({ ALLOWED_ORIGINS: listed }, (origin) => refused.push(origin));
    await ask("GET", "/api/assistants", { origin: "https://a.example" });
    await ask("OPTIONS", "/api/chat", { origin: "https://b.example", "access-control-request-method": "POST" });
    await ask("POST", "/api/chat", { origin: "https://c.example" });
    await ask("GET", "/widget.js", { origin: "https://d.example" });
    await ask("POST", "/api/chat", { origin: `https://${own}`, "sec-fetch-site": "same-origin" });
    await ask("POST", "/api/chat", { origin: "https://shop.example" });
    await ask("POST", "/api/chat");
    expect(refused).toEqual(["https://a.example", "https://b.example", "https://c.example"]);
  });
});
