import { createHmac } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { totpCode } from "../../../shared/testing/fixtures/totp.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { adminPassword, type Desk, type DeskAnswer, goodPassword, openDesk, signUp } from "./desk-fixture.testsuite.ts";

const secret = "a key that signs cookies in these tests";

let db: OpenTestDatabase;
let desk: Desk;
beforeAll(async () => {
  db = await openTestDatabase();
  desk = await openDesk(db, { SECRETS_KEY: secret });
  return async () => {
    await desk[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  };
});

const tokenIn = ({ cookie }: DeskAnswer) => /parley_session=([\w-]+)\./.exec(cookie)?.[1] ?? "";
const signed = (token: string) =>
  `parley_session=${token}.${createHmac("sha256", secret).update(`session:${token}`).digest("base64url")}`;

/** Everything that the tables of accounts hold, as a copy of them would. */
async function copyTables(): Promise<string> {
  const tables = ["operator_sessions", "operator_verifications", "operator_links", "operator_two_factors"];
  const copies = await Promise.all(tables.map((table) => db.pool.query<object>(`select * from ${table}`)));
  return JSON.stringify(copies.map(({ rows }) => rows));
}

/** Expects a session that no copy of the tables opens, whatever else is known. */
async function expectHashed(answer: DeskAnswer): Promise<void> {
  const token = tokenIn(answer);
  expect(token).toMatch(/^[\w-]{32}$/);
  expect((await desk.ask("/me", { cookie: signed(token) })).status).toBe(200);
  expect(await copyTables()).not.toContain(token);
  const { rows } = await db.pool.query<{ token: string }>("select token from operator_sessions");
  for (const row of rows) expect((await desk.ask("/me", { cookie: signed(row.token) })).status).toBe(401);
}

describe("the stored form of a session", { timeout: 60_000 }, () => {
  it("opens nothing, however the session began", async () => {
    await expectHashed(await signUp(db, desk, { email: "ada@example.com", name: "Ada" }));
    await expectHashed(await desk.ask("/sign-in", { body: { email: "admin", password: adminPassword } }));
    const byPassword = await desk.ask("/sign-in", { body: { email: "ada@example.com", password: goodPassword } });
    await expectHashed(byPassword);

    const { cookie } = byPassword;
    const setUp = await desk.ask("/factor", { cookie, body: { password: goodPassword } });
    const uri = String(setUp.body["uri"]);
    const confirmed = await desk.ask("/factor/confirm", { cookie, body: { code: totpCode(uri) } });
    expect(confirmed.status).toBe(204);
    await expectHashed(confirmed);
    await expect.poll(async () => (await desk.ask("/me", { cookie })).status, { timeout: 5000 }).toBe(401);

    const pending = await desk.ask("/sign-in", { body: { email: "ada@example.com", password: goodPassword } });
    const [, identifier = ""] = /parley_factor=([^.]+)\./.exec(decodeURIComponent(pending.cookie)) ?? [];
    expect(identifier.length).toBeGreaterThan(20);
    expect(await copyTables()).not.toContain(identifier);
    const byFactor = await desk.ask("/sign-in/factor", { cookie: pending.cookie, body: { code: totpCode(uri, 1) } });
    await expectHashed(byFactor);
    const removed = await desk.ask("/factor/remove", {
      cookie: signed(tokenIn(byFactor)),
      body: { password: goodPassword },
    });
    expect(removed.status).toBe(204);
    await expectHashed(removed);
  });
});
