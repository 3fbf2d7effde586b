import { defaultSite } from "../../../shared/sites/default-site.ts";
import express, { type NextFunction, type Request, type Response } from "express";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { quietLog, recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { LoginThrottle } from "../limits/login-throttle.ts";
import { openRateLimits } from "../limits/rate-limits.ts";
import { noteClients } from "../middleware/client.ts";
import { Operators, roleOf } from "./operators.ts";
import { sendProblems } from "../middleware/problems.ts";
import { identifyRequests } from "../middleware/request-id.ts";

const accounts = {
  ADMIN_USER: "admin",
  ADMIN_PASSWORD: "may do all things",
  ADMIN_READ_USER: "viewer",
  ADMIN_READ_PASSWORD: "may look at them",
};
const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function openStore() {
  const database = await createTestDatabase();
  cleanups.push(() => database.drop());
  return database.url;
}

/** One process with a page for all operators at /look, and one for full ones at /change; it believes X-Forwarded-For. */
async function serve(databaseUrl: string, config: Partial<typeof accounts> = accounts, log = quietLog()) {
  const lifecycle = new Lifecycle(log);
  cleanups.push(() => lifecycle.close(1000));
  const limits = await openRateLimits(
    {
      DATABASE_URL: databaseUrl,
      REDIS_URL: undefined,
      RATE_LIMIT_WINDOW_MS: 60_000,
      RATE_LIMIT_MAX_REQUESTS: 1,
      RATE_LIMIT_MAX_READS: 1,
      MAX_ACTIONS_PER_VISITOR: 1,
      MAX_ACTIONS_PER_ASSISTANT: 1,
    },
    { siteId: defaultSite, log, lifecycle },
  );
  const { ADMIN_USER = "admin", ADMIN_PASSWORD, ADMIN_READ_USER = "viewer", ADMIN_READ_PASSWORD } = config;
  const loginThrottle = new LoginThrottle(limits.failedLogins);
  const operators = new Operators({
    config: { ADMIN_USER, ADMIN_PASSWORD, ADMIN_READ_USER, ADMIN_READ_PASSWORD },
    loginThrottle,
    log,
  });
  const app = express().set("trust proxy", 1);
  app.use(identifyRequests(log), noteClients({ TRUST_PROXY: 1 }, log));
  const show = (_req: Request, res: Response) => void res.send(`${res.locals["operator"]} ${roleOf(res)}`);
  app.use("/look", operators.require("read"), show);
  app.use("/change", operators.require("full"), show);
  app.use((error: Error, req: Request, res: Response, next: NextFunction) => sendProblems(log)(error, req, res, next));
  const server = app.listen(0, "127.0.0.1");
  cleanups.push(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, credentials?: string, { method = "GET", from = "192.0.2.1", headers = {} } = {}) => {
    const authorization = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
    const call = httpRequest({
      port,
      host: "127.0.0.1",
      path,
      method,
      headers: { ...(authorization && { authorization }), "x-forwarded-for": from, ...headers },
    }).end();
    const [answer] = (await once(call, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    expect(answer.headers["cache-control"]).toBe("no-store");
    return { status: answer.statusCode, headers: answer.headers, text };
  };
  return { operators, loginThrottle, ask };
}

const full = `admin:${accounts.ADMIN_PASSWORD}`;
const read = `viewer:${accounts.ADMIN_READ_PASSWORD}`;

describe("operator authentication", () => {
  it("admits each account with its own rights", async () => {
    const { ask } = await serve(await openStore());
    expect(await ask("/look", full)).toMatchObject({ status: 200, text: "admin full" });
    expect(await ask("/look", read)).toMatchObject({ status: 200, text: "viewer read" });
    expect(await ask("/change", full)).toMatchObject({ status: 200, text: "admin full" });
    expect((await ask("/change", read)).status).toBe(403);
    for (const method of ["PUT", "POST", "DELETE", "PATCH"]) {
      expect((await ask("/look", full, { method })).status).toBe(200);
      const refused = await ask("/look", read, { method });
      expect([refused.status, JSON.parse(refused.text)]).toMatchObject([403, { type: "/problems/read-only" }]);
    }
  });

  it.each([
    undefined,
    "admin",
    "admin:",
    `:${accounts.ADMIN_PASSWORD}`,
    `viewer:${accounts.ADMIN_PASSWORD}`,
    `admin:${accounts.ADMIN_READ_PASSWORD}`,
    `ADMIN:${accounts.ADMIN_PASSWORD}`,
    `${full} `,
    `${full}\0`,
  ])("do not come in by others (%s)", async (credentials) => {
    const { ask } = await serve(await openStore());
    const refused = await ask("/look", credentials);
    expect(refused.status).toBe(401);
    expect(refused.headers["www-authenticate"]).toMatch(/^Basic realm=/);
    expect(refused.text).not.toContain(accounts.ADMIN_PASSWORD);
  });

  it("works with both accounts, one or none", async () => {
    const store = await openStore();
    const { ADMIN_PASSWORD, ADMIN_READ_PASSWORD } = accounts;
    const onlyFull = await serve(store, { ADMIN_PASSWORD });
    expect((await onlyFull.ask("/look", full)).status).toBe(200);
    expect((await onlyFull.ask("/look", "viewer:undefined")).status).toBe(401);
    const onlyRead = await serve(store, { ADMIN_READ_PASSWORD });
    expect((await onlyRead.ask("/look", read)).status).toBe(200);
    expect((await onlyRead.ask("/look", "admin:undefined")).status).toBe(401);
    const none = await serve(store, {});
    expect([onlyFull, onlyRead, none].map(({ operators }) => operators.exist)).toEqual([true, true, false]);
  });

  it("rejects writes from pages of other origins", async () => {
    const { ask } = await serve(await openStore());
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      expect((await ask("/look", full, { method: "PUT", headers })).status).toBe(403);
    }
  });

  it("logs each change and each failed sign-in, without a password", async () => {
    const { log, lines } = recordingLog();
    const { ask } = await serve(await openStore(), accounts, log);
    await ask("/look/x", full, { method: "PUT" });
    await ask("/look", "admin:guess the password");
    expect(lines.filter(({ msg }) => msg === "audit")).toMatchObject([{ operator: "admin", path: "/look/x" }]);
    expect(lines.filter(({ level }) => level === 40)).toMatchObject([
      { msg: expect.stringContaining("wrong") as string },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/guess the|may do all/);
  });

  it("blocks a client after ten failures, over all processes, concurrent or sequential", async () => {
    const store = await openStore();
    const [one, two] = [await serve(store), await serve(store)];
    const flood = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : two).ask("/look", `admin:guess ${index}`)),
    );
    const compared = flood.filter(({ status }) => status === 401).length;
    // Each process compares as many before it hears of the other's.
    expect(compared).toBeGreaterThanOrEqual(10);
    expect(compared).toBeLessThanOrEqual(20);
    expect(flood.filter(({ status }) => status === 429)).toHaveLength(100 - compared);
    for (const { ask } of [one, two]) {
      const late = await ask("/look", full);
      expect(late.status).toBe(429);
      expect(Number(late.headers["retry-after"])).toBeGreaterThan(800);
      expect((await ask("/look")).status).toBe(401);
      expect((await ask("/look", full, { from: "192.0.2.2" })).status).toBe(200);
    }
  });

  it("counts failures of each kind of credential separately", async () => {
    const store = await openStore();
    const { ask, loginThrottle } = await serve(store);
    for (let guess = 0; guess < 10; guess += 1) await ask("/look", `admin:guess ${guess}`);
    expect((await ask("/look", full)).status).toBe(429);
    const { loginThrottle: elsewhere } = await serve(store);
    for (const each of [loginThrottle, elsewhere]) {
      expect(await each.compare("metrics-token", "192.0.2.1", () => "the right one")).toBe("the right one");
      await expect(each.compare("password", "192.0.2.1", () => "the right one")).rejects.toThrow("your address");
    }
  });

  it("does not count successful sign-ins", async () => {
    const { ask } = await serve(await openStore());
    for (let looks = 0; looks < 20; looks += 1) expect((await ask("/look", full)).status).toBe(200);
  });
});
