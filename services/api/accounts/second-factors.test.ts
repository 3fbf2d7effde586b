import { beforeAll, expect, it } from "vitest";
import { factorSetup } from "../../../shared/protocol/people/accounts.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { totpCode } from "../../../shared/testing/fixtures/totp.ts";
import { type Desk, type DeskAnswer, goodPassword, newAddress, openDesk, signUp } from "./desk-fixture.testsuite.ts";

let db: OpenTestDatabase;
let desk: Desk;
beforeAll(async () => {
  db = await openTestDatabase();
  desk = await openDesk(db);
  return async () => {
    await desk[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  };
});

const from = () => ({ "x-forwarded-for": newAddress() });
const typePassword = (email: string) =>
  desk.ask("/sign-in", { body: { email, password: goodPassword }, headers: from() });
const show = ({ cookie }: { cookie: string }, given: object) =>
  desk.ask("/sign-in/factor", { body: given, cookie, headers: from() });
const statusOf = async ({ cookie }: { cookie: string }) => (await desk.ask("/me", { cookie })).status;

/** Signs up with a second factor; the code of now has been used. */
async function setUp(email: string) {
  const first = await signUp(db, desk, { email });
  const made = await desk.ask("/factor", { cookie: first.cookie, body: { password: goodPassword } });
  const { uri, backupCodes } = factorSetup.parse(made.body);
  const confirmed = await desk.ask("/factor/confirm", { cookie: first.cookie, body: { code: totpCode(uri) } });
  expect(confirmed.status, JSON.stringify(confirmed.body)).toBe(204);
  return { first, uri, backupCodes, session: confirmed };
}

it("is set up with the password and a code, and ends the sessions before it", async () => {
  const email = "sets.up@example.com";
  const first = await signUp(db, desk, { email });
  const elsewhere = await typePassword(email);
  const begin = (password: string) => desk.ask("/factor", { cookie: first.cookie, body: { password } });
  const confirm = (code: string) => desk.ask("/factor/confirm", { cookie: first.cookie, body: { code } });
  expect((await begin("a wrong password")).status).toBe(401);
  const { uri, backupCodes } = factorSetup.parse((await begin(goodPassword)).body);
  expect(decodeURIComponent(uri)).toMatch(/^otpauth:\/\/totp\/Parley:sets\.up@example\.com\?secret=[A-Z2-7]+/);
  expect(new Set(backupCodes).size).toBe(10);
  // It does not count yet.
  expect((await typePassword(email)).body).toHaveProperty("operator");
  expect((await confirm("000000")).status).toBe(401);
  expect((await confirm("seven")).status).toBe(400);
  const confirmed = await confirm(totpCode(uri));
  expect(confirmed.status).toBe(204);
  expect(confirmed.cookie).not.toBe(first.cookie);
  expect((await desk.ask("/me", { cookie: confirmed.cookie })).body).toMatchObject({ email, twoFactor: true });
  for (const ended of [first, elsewhere]) await expect.poll(() => statusOf(ended), { timeout: 5000 }).toBe(401);
  expect((await desk.ask("/factor", { cookie: confirmed.cookie, body: { password: goodPassword } })).status).toBe(409);
  const { rows } = await db.pool.query<{ all: string }>(
    "select operator_two_factors::text as all from operator_two_factors",
  );
  const secret = new URL(uri).searchParams.get("secret") ?? "";
  for (const kept of [secret, ...backupCodes]) expect(JSON.stringify(rows)).not.toContain(kept);
  expect(desk.log()).not.toContain(secret);
});

it("is wanted after the right password alone, and its code is good once", async () => {
  const email = "shows@example.com";
  const { uri } = await setUp(email);
  const typed = await typePassword(email);
  expect(typed).toMatchObject({ status: 200, body: { secondFactor: "required" } });
  const [cookie] = typed.headers["set-cookie"] ?? [];
  expect(cookie).toMatch(/^parley_factor=.*; Max-Age=600; Path=\/; .*HttpOnly; SameSite=Lax$/);
  expect(await statusOf(typed)).toBe(401);
  expect((await show({ cookie: "" }, { code: totpCode(uri, 1) })).status).toBe(401);
  expect((await show({ cookie: "parley_factor=2fa-x.y" }, { code: totpCode(uri, 1) })).status).toBe(401);
  expect((await show(typed, { code: "000000" })).status).toBe(401);
  const code = totpCode(uri, 1);
  const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
  const shown = await show(typed, { code: spaced });
  expect(shown).toMatchObject({ status: 200, body: { operator: { name: "shows" } } });
  expect(await statusOf(shown)).toBe(200);
  // Neither the sign-in nor the code is good again.
  expect((await show(typed, { code: totpCode(uri, -1) })).status).toBe(401);
  const again = await typePassword(email);
  const repeated = await show(again, { code });
  expect([repeated.status, repeated.cookie]).toEqual([401, ""]);
  const { rows } = await db.pool.query(
    "select from operator_sessions join operators on operators.id = operator_id where email = $1",
    [email],
  );
  expect(rows).toHaveLength(2);
});

it("has backup codes that are good once each, until there are new ones", async () => {
  const email = "backs.up@example.com";
  const { session, backupCodes } = await setUp(email);
  const [first = "", second = "", third = ""] = backupCodes;
  expect((await show(await typePassword(email), { backupCode: first })).status).toBe(200);
  const repeated: DeskAnswer = await show(await typePassword(email), { backupCode: first });
  expect(repeated.body.type).toBe("/problems/sign-in-failed");
  expect((await show(await typePassword(email), { backupCode: second })).status).toBe(200);
  const renew = (password: string) => desk.ask("/factor/backup-codes", { cookie: session.cookie, body: { password } });
  expect((await renew("a wrong password")).status).toBe(401);
  const renewed = (await renew(goodPassword)).body["backupCodes"] as string[];
  expect((await show(await typePassword(email), { backupCode: third })).status).toBe(401);
  expect((await show(await typePassword(email), { backupCode: renewed[0] })).status).toBe(200);
});

it("is locked for a while after ten wrong codes, from wherever they come", async () => {
  const email = "guessed@example.com";
  const { uri } = await setUp(email);
  const wrong = { code: totpCode(uri).replace(/./, (digit) => String((Number(digit) + 1) % 10)) };
  for (let no = 0; no < 10; no += 1) expect((await show(await typePassword(email), wrong)).status).toBe(401);
  const right = { code: totpCode(uri, 1) };
  expect((await show(await typePassword(email), right)).status).toBe(401);
  await db.pool.query(
    "update operator_two_factors set locked_until = now() - interval '1 min' where locked_until is not null",
  );
  expect((await show(await typePassword(email), right)).status).toBe(200);
});

it("is removed with the password, by its owner, or by a reset", async () => {
  const email = "removes@example.com";
  const { session } = await setUp(email);
  const remove = (password: string) => desk.ask("/factor/remove", { cookie: session.cookie, body: { password } });
  expect((await remove("a wrong password")).status).toBe(401);
  const removed = await remove(goodPassword);
  expect(removed.status).toBe(204);
  expect((await desk.ask("/me", { cookie: removed.cookie })).body).toMatchObject({ twoFactor: false });
  expect((await typePassword(email)).body).toHaveProperty("operator");
});
