import express, { type NextFunction, type Request, type Response } from "express";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { addKey } from "../../../shared/db/desk/operator-keys.ts";
import { listOperators } from "../../../shared/db/desk/operators.ts";
import { hashOfKey, makeOperatorKey } from "../../../shared/operator-key.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { Accounts } from "../accounts/accounts.ts";
import { LoginThrottle } from "../limits/login-throttle.ts";
import { openRateLimits } from "../limits/rate-limits.ts";
import { EventStreams } from "../follow/sse.ts";
import { noteClients } from "../middleware/client.ts";
import { sendProblems } from "../middleware/problems.ts";
import { identifyRequests } from "../middleware/request-id.ts";
import { actorOf, OperatorAccess } from "./operator-access.ts";
import { Operators } from "./operators.ts";

const config = {
  ADMIN_USER: "admin",
  ADMIN_PASSWORD: "may do all things",
  ADMIN_READ_USER: "viewer",
  ADMIN_READ_PASSWORD: "may look at them",
};
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;
const support = basic("admin:may do all things");

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Makes a key of an operator of that name. */
async function makeKey(name: string, { role = "operator" }: { role?: OperatorRole } = {}) {
  const key = makeOperatorKey();
  const keyHash = hashOfKey(key) ?? Buffer.alloc(0);
  const { id } = await addKey(db.pool, { siteId: defaultSite, name, role, keyHash, days: 1 });
  return { id, key, authorization: `Bearer ${key}` };
}

let addresses = 0;

/** One process with a route for each role, and a client at an address of its own; it believes X-Forwarded-For. */
async function serve({ reads = 1000 } = {}) {
  const { log, lines } = recordingLog();
  addresses += 1;
  const address = `192.0.2.${addresses}`;
  const lifecycle = new Lifecycle(log);
  cleanups.push(() => lifecycle.close(1000));
  const limits = await openRateLimits(
    {
      DATABASE_URL: db.url,
      REDIS_URL: undefined,
      RATE_LIMIT_WINDOW_MS: 60_000,
      RATE_LIMIT_MAX_REQUESTS: 1,
      RATE_LIMIT_MAX_READS: reads,
      MAX_ACTIONS_PER_VISITOR: 1,
      MAX_ACTIONS_PER_ASSISTANT: 1,
    },
    { siteId: defaultSite, log, lifecycle },
  );
  const loginThrottle = new LoginThrottle(limits.failedLogins);
  const operators = new Operators({ config, loginThrottle, log });
  const streams = new EventStreams();
  cleanups.push(() => streams.close());
  const common = { pool: db.pool, siteId: defaultSite, operators, loginThrottle, limits, streams, log };
  const accounts = new Accounts({
    ...common,
    secret: "signs cookies in these tests alone",
    usedCodes: limits.usedCodes,
    accountThrottle: new LoginThrottle(limits.failedSignIns),
  });
  const access = new OperatorAccess({ ...common, sessions: accounts.sessions });
  const app = express().set("trust proxy", 1);
  app.use(identifyRequests(log), noteClients({ TRUST_PROXY: 1 }, log));
  app.use(access.require("reader"));
  for (const role of ["reader", "operator", "admin"] as const) {
    app.use(`/${role}`, access.require(role), (_req: Request, res: Response) => void res.json(actorOf(res)));
  }
  app.use((error: Error, req: Request, res: Response, next: NextFunction) => sendProblems(log)(error, req, res, next));
  const server = app.listen(0, "127.0.0.1");
  cleanups.push(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, authorization?: string, { method = "GET", from = address, headers = {} } = {}) => {
    const all = { ...(authorization && { authorization }), "x-forwarded-for": from, ...headers };
    const call = httpRequest({ port, host: "127.0.0.1", path, method, headers: all }).end();
    const [answer] = (await once(call, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(text) as Record<string, unknown> };
  };
  return { ask, lines };
}

describe("access of operators", () => {
  it("gives each key and account its role", async () => {
    const { ask } = await serve();
    const may = async (authorization: string, method = "GET") =>
      Promise.all(
        ["/reader", "/operator", "/admin"].map(async (path) => (await ask(path, authorization, { method })).status),
      );
    const [reader, operator, admin] = await Promise.all([
      makeKey("Rea", { role: "reader" }),
      makeKey("Ole"),
      makeKey("Ada", { role: "admin" }),
    ]);
    expect(await may(reader.authorization)).toEqual([200, 403, 403]);
    expect(await may(reader.authorization, "POST")).toEqual([403, 403, 403]);
    expect(await may(operator.authorization, "POST")).toEqual([200, 200, 403]);
    expect(await may(admin.authorization, "POST")).toEqual([200, 200, 200]);
    expect(await may(support, "POST")).toEqual([200, 200, 200]);
    expect(await may(basic("viewer:may look at them"))).toEqual([200, 403, 403]);
    expect((await ask("/admin", operator.authorization)).body).toMatchObject({ type: "/problems/role-required" });
    expect((await ask("/reader", reader.authorization, { method: "PUT" })).body).toMatchObject({
      type: "/problems/read-only",
    });
    expect((await ask("/reader", operator.authorization)).body).toMatchObject({ name: "Ole", role: "operator" });
  });

  it("acts for the accounts as operators with the same ids at each process", async () => {
    const [one, two] = [await serve(), await serve()];
    const answers = await Promise.all([one, two, one].map(({ ask }) => ask("/reader", support)));
    expect(new Set(answers.map(({ body }) => body["operatorId"])).size).toBe(1);
    expect(answers[0]?.body).toMatchObject({ name: "Support", role: "admin" });
    const rows = (await listOperators(db.pool, defaultSite)).filter(({ name }) => name === "Support");
    expect(rows.map(({ id }) => id)).toEqual([answers[0]?.body["operatorId"]]);
  });

  it("gives a key no more than its operator's role", async () => {
    const { ask } = await serve();
    const { authorization } = await makeKey("Demoted", { role: "admin" });
    await db.pool.query("update operators set role = 'reader' where name = 'Demoted'");
    expect((await ask("/reader", authorization)).body).toMatchObject({ role: "reader" });
  });

  it("refuses visitors' tokens, wrong keys and no credentials, in words", async () => {
    const { ask } = await serve();
    const detail = async (authorization?: string) => {
      const { status, body } = await ask("/reader", authorization);
      expect([status, body["type"]]).toEqual([401, "/problems/admin-unauthorized"]);
      return body["detail"];
    };
    expect(await detail()).toMatch(/psk_/);
    expect(await detail("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x")).toMatch(/visitor's token opens nothing/);
    expect(await detail(`Bearer ${makeOperatorKey()}`)).toBe("There is no such key.");
    expect(await detail("Bearer psk_short")).toBe("There is no such key.");
    expect(await detail(basic("admin:wrong"))).toMatch(/password is wrong/);
  });

  it("names the ways to sign in, but not to a page's own request", async () => {
    const { ask } = await serve();
    expect((await ask("/reader")).headers["www-authenticate"]).toMatch(/Bearer.*Basic/);
    const fromPage = { headers: { "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin" } };
    for (const authorization of [undefined, "Bearer x", basic("admin:wrong")]) {
      const { status, headers } = await ask("/reader", authorization, fromPage);
      expect(status).toBe(401);
      expect(headers).not.toHaveProperty("www-authenticate");
    }
  });

  it("ends soon for a key that is revoked, that ends, or whose operator leaves", async () => {
    const { ask } = await serve();
    const ways = {
      "This key was revoked.": "update operator_keys set revoked_at = now() where id = $1",
      "This key has ended: make another with npm run keys.": "update operator_keys set ends_at = now() where id = $1",
      "The operator of this key has left.":
        "update operators set left_at = now() where id = (select operator_id from operator_keys where id = $1)",
    };
    for (const [reason, change] of Object.entries(ways)) {
      const { id, authorization } = await makeKey(`Operator ${reason}`);
      expect((await ask("/operator", authorization)).status).toBe(200);
      await db.pool.query(change, [id]);
      const look = async () => (await ask("/operator", authorization)).body["detail"];
      await expect.poll(look, { timeout: 10_000 }).toBe(reason);
    }
  });

  it("counts guessed keys, and neither old keys nor colleagues behind the same address", async () => {
    const { ask } = await serve();
    const [colleague, old] = [await makeKey("Colleague"), await makeKey("Former")];
    expect((await ask("/reader", colleague.authorization)).status).toBe(200);
    await db.pool.query("update operator_keys set revoked_at = now() where id = $1", [old.id]);
    for (let time = 0; time < 12; time += 1) expect((await ask("/reader", old.authorization)).status).toBe(401);
    const guesses = await Promise.all(Array.from({ length: 30 }, () => ask("/reader", `Bearer ${makeOperatorKey()}`)));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(guesses.filter(({ status }) => status === 429)).toHaveLength(20);
    expect((await ask("/reader", `Bearer ${makeOperatorKey()}`)).status).toBe(429);
    expect((await ask("/reader", colleague.authorization)).status).toBe(200);
    const elsewhere = await makeKey("Elsewhere");
    expect((await ask("/reader", elsewhere.authorization, { from: "198.51.100.1" })).status).toBe(200);
  });

  it("counts each request once, for its operator alone", async () => {
    const { ask } = await serve({ reads: 1 });
    const [busy, calm] = [await makeKey("Busy"), await makeKey("Calm")];
    const statuses = [];
    for (let time = 0; time < 12; time += 1) statuses.push((await ask("/operator", busy.authorization)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429]);
    expect((await ask("/operator", calm.authorization)).status).toBe(200);
  });

  it("refuses changes from pages of other origins", async () => {
    const { ask } = await serve();
    const { authorization } = await makeKey("Tricked");
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const { status, body } = await ask("/operator", authorization, { method: "POST", headers });
      expect([status, body["type"]]).toEqual([403, "/problems/origin-not-allowed"]);
    }
  });

  it("logs no key", async () => {
    const { ask, lines } = await serve();
    const { key, authorization } = await makeKey("Logged");
    await ask("/operator", authorization, { method: "POST" });
    await ask("/operator", `${authorization.slice(0, -3)}AAA`, { method: "POST" });
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain(key.slice(4, 20));
  });
});
