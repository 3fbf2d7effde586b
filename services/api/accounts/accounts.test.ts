import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readConfig } from "../../../shared/config/config.ts";
import { addKey } from "../../../shared/db/desk/operator-keys.ts";
import { hashOfKey, makeOperatorKey } from "../../../shared/operator-key.ts";
import { Lifecycle } from "../../../shared/process/lifecycle.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openRateLimits } from "../limits/rate-limits.ts";
import {
  adminPassword,
  type Desk,
  goodPassword,
  inviteForTests,
  newAddress,
  openDesk,
  signUp,
} from "./desk-fixture.testsuite.ts";

let db: OpenTestDatabase;
let desk: Desk;
/** Another process. */
let other: Desk;
beforeAll(async () => {
  db = await openTestDatabase();
  [desk, other] = await Promise.all([openDesk(db), openDesk(db)]);
  return async () => {
    await Promise.all([desk, other].map((each) => each[Symbol.asyncDispose]()));
    await db[Symbol.asyncDispose]();
  };
});

const signIn = (email: string, password = goodPassword, from?: string) =>
  desk.ask("/sign-in", { body: { email, password }, headers: from === undefined ? {} : { "x-forwarded-for": from } });

describe("an invitation", () => {
  it("is looked at any number of times, and makes one account once", async () => {
    const link = await inviteForTests(db, { email: "mia@example.com", name: "Mia Lang" });
    const about = { purpose: "invitation", email: "mia@example.com", name: "Mia Lang", role: "operator" };
    for (const each of [desk, other]) expect((await each.ask("/links", { body: { link } })).body).toEqual(about);
    const use = (each: Desk) => each.ask("/sign-in", { body: { link, newPassword: goodPassword } });
    const answers = await Promise.all([desk, other, desk].map(use));
    expect(answers.map(({ status }) => `${status}`).toSorted()).toEqual(["200", "410", "410"]);
    const [first] = answers.filter(({ status }) => status === 200);
    expect(first?.body).toMatchObject({ operator: { name: "Mia Lang", role: "operator" } });
    expect((await other.ask("/me", { cookie: first?.cookie ?? "" })).body).toMatchObject({ name: "Mia Lang" });
    expect((await desk.ask("/links", { body: { link } })).body["type"]).toBe("/problems/link-ended");
    expect((await signIn("Mia@Example.com")).status).toBe(200);
    const { rows } = await db.pool.query<{ all: string }>("select operator_links::text as all from operator_links");
    expect(JSON.stringify(rows)).not.toContain(link);
  });

  it("gives an operator who has keys an account, and their keys stay", async () => {
    const key = makeOperatorKey();
    const keyHash = hashOfKey(key) ?? Buffer.alloc(0);
    await addKey(db.pool, { siteId: defaultSite, name: "Keyed", role: "operator", keyHash, days: 1 });
    const byKey = () => desk.ask("/me", { headers: { authorization: `Bearer ${key}` } });
    const { id } = (await byKey()).body;
    const { body } = await signUp(db, desk, { email: "keyed@example.com", name: "Keyed", role: "admin" });
    expect(body).toMatchObject({ operator: { id, name: "Keyed", role: "admin" } });
    // A key acts with its own role.
    expect((await byKey()).body).toMatchObject({ id, role: "operator" });
  });

  it("ends with the next one to the same address, and after its time", async () => {
    const first = await inviteForTests(db, { email: "twice@example.com" });
    const second = await inviteForTests(db, { email: "twice@example.com" });
    expect((await desk.ask("/links", { body: { link: first } })).status).toBe(410);
    expect((await desk.ask("/links", { body: { link: second } })).status).toBe(200);
    await db.pool.query("update operator_links set ends_at = now() where email = 'twice@example.com'");
    expect((await desk.ask("/sign-in", { body: { link: second, newPassword: goodPassword } })).status).toBe(410);
  });

  it("is made by admins, for addresses and names that have no account", async () => {
    const admin = await signUp(db, desk, { email: "ada@example.com", role: "admin" });
    const invite = (body: object) => desk.ask("/invitations", { cookie: admin.cookie, body });
    const made = await invite({ email: "Ben@Example.com", role: "reader" });
    expect(made).toMatchObject({ status: 201, body: { email: "ben@example.com", name: "ben", role: "reader" } });
    expect(made.body["link"]).toMatch(/^http:\/\/localhost:\d+\/console\?part=sign-in#link=[\w-]{43}$/);
    expect((await invite({ email: "ada@example.com" })).body).toMatchObject({ type: "/problems/account-exists" });
    expect((await invite({ email: "new@example.com", name: "ada" })).status).toBe(409);
    expect((await invite({ email: "new@example.com", name: "Support" })).status).toBe(409);
    expect((await invite({ email: "no address", role: "owner" })).body["errors"]).toHaveLength(2);
    expect(desk.log()).not.toContain(String(made.body["link"]).slice(-43));
  });

  it.each([
    [{ newPassword: "too short" }, 400],
    [{}, 400],
  ])("refuses the password of %j and stays open", async (given, status) => {
    const link = await inviteForTests(db, { email: "choosy@example.com" });
    expect((await desk.ask("/sign-in", { body: { link, ...given } })).status).toBe(status);
    expect((await desk.ask("/links", { body: { link } })).status).toBe(200);
  });
});

describe("a session", () => {
  it("has a cookie that pages cannot read, and over HTTPS one that is bound to its host", async () => {
    const email = "cookie@example.com";
    await signUp(db, desk, { email });
    const body = { email, password: goodPassword };
    const [local] = (await desk.ask("/sign-in", { body })).headers["set-cookie"] ?? [];
    expect(local).toMatch(
      /^parley_session=[\w-]+\.[\w-]+; Max-Age=604800; Path=\/; Expires=.*; HttpOnly; SameSite=Lax$/,
    );
    const https = { host: "desk.example.com", origin: "https://desk.example.com" };
    const overTls = await desk.ask("/sign-in", { body, headers: https });
    expect(overTls.headers["set-cookie"]?.[0]).toMatch(/^__Host-parley_session=.*; HttpOnly; Secure; SameSite=Lax$/);
    expect(overTls.headers["set-cookie"]?.[0]).not.toContain("Domain");
    expect((await desk.ask("/me", { cookie: overTls.cookie, headers: https })).status).toBe(200);
    // Without its prefix, another host of the domain may have set it.
    const tossed = overTls.cookie.replace("__Host-", "");
    expect((await desk.ask("/me", { cookie: tossed, headers: https })).status).toBe(401);
    const plain = { host: "desk.example.com", origin: "http://desk.example.com" };
    expect((await desk.ask("/sign-in", { body, headers: plain })).body["type"]).toBe("/problems/https-required");
  });

  it("ends at every process when it is signed out, ended elsewhere, or its operator has left", async () => {
    const email = "ends@example.com";
    const first = await signUp(db, desk, { email });
    const [second, third] = [await signIn(email), await signIn(email)];
    const reach =
      (each: Desk, { cookie }: { cookie: string }) =>
      async () =>
        (await each.ask("/me", { cookie })).status;
    for (const session of [first, second, third]) expect(await reach(other, session)()).toBe(200);
    const { sessions } = (await desk.ask("/sessions", { cookie: first.cookie })).body as {
      sessions: { id: string; current: boolean }[];
    };
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    expect(sessions).toHaveLength(3);

    const out = await desk.ask("/sign-out", { method: "POST", cookie: second.cookie });
    expect([out.status, out.headers["set-cookie"]?.join()]).toEqual([204, expect.stringContaining("parley_session=;")]);
    expect(await reach(desk, second)()).toBe(401);
    await expect.poll(reach(other, second), { timeout: 5000 }).toBe(401);

    expect((await desk.ask("/sessions", { method: "DELETE", cookie: first.cookie })).status).toBe(204);
    await expect.poll(reach(other, third), { timeout: 5000 }).toBe(401);
    expect(await reach(other, first)()).toBe(200);
    await db.pool.query("update operators set left_at = now() where email = $1", [email]);
    await expect.poll(reach(other, first), { timeout: 5000 }).toBe(401);
    expect((await signIn(email)).status).toBe(401);
  });

  it.each([
    ["twelve hours without a request", "seen_at = now() - interval '12 h'"],
    ["seven days, however busy", "began_at = now() - interval '7 days'"],
  ])("ends after %s", async (_limit, change) => {
    const email = `${change.slice(0, 5)}@example.com`;
    const { cookie } = await signUp(db, desk, { email });
    const age = async (to: string) =>
      db.pool.query(
        `update operator_sessions set ${to} where operator_id = (select id from operators where email = $1)`,
        [email],
      );
    await age(change.replace(/'$/, " 1 min'").replace("- interval", "+ interval '2 min' - interval"));
    expect((await other.ask("/me", { cookie })).status).toBe(200);
    await age(change);
    await expect.poll(async () => (await other.ask("/me", { cookie })).status, { timeout: 5000 }).toBe(401);
  });

  it("is noted as used by requests, and not by streams", async () => {
    const email = "streams@example.com";
    const { cookie } = await signUp(db, desk, { email });
    const idleFor = async () => {
      const { rows } = await db.pool.query<{ minutes: number }>(
        `select round(extract(epoch from now() - seen_at) / 60)::int as minutes from operator_sessions
         join operators on operators.id = operator_id where email = $1`,
        [email],
      );
      return rows[0]?.minutes;
    };
    await db.pool.query("update operator_sessions set seen_at = now() - interval '20 min'");
    expect((await other.ask("/inbox/events", { cookie })).status).toBe(200);
    expect(await idleFor()).toBe(20);
    expect((await other.ask("/me", { cookie })).status).toBe(200);
    expect(await idleFor()).toBe(0);
  });

  it("is not the one that a browser had before", async () => {
    const planted = await signUp(db, desk, { email: "attacker@example.com" });
    await signUp(db, desk, { email: "victim@example.com" });
    const body = { email: "victim@example.com", password: goodPassword };
    const fresh = await desk.ask("/sign-in", { body, cookie: planted.cookie });
    expect(fresh.cookie).not.toBe(planted.cookie);
    expect((await desk.ask("/me", { cookie: planted.cookie })).status).toBe(401);
    expect((await desk.ask("/me", { cookie: fresh.cookie })).body).toMatchObject({ name: "victim" });
    // A token that was read in the database opens nothing without its signature, nor with another's.
    const [name, value = ""] = fresh.cookie.split("=");
    const [token] = value.split(".");
    const [, signature] = planted.cookie.split(".");
    for (const forged of [
      `${token}`,
      `${token}.`,
      `${token}.${signature}`,
      `${token}x.${value.split(".")[1]}`,
      "%",
      "a.b",
    ]) {
      expect((await desk.ask("/me", { cookie: `${name}=${forged}` })).status, forged).toBe(401);
    }
  });

  it("of a configured account ends with its password", async () => {
    const { cookie, status } = await signIn("admin", adminPassword);
    expect(status).toBe(200);
    expect((await desk.ask("/me", { cookie })).body).toMatchObject({ name: "Support", role: "admin" });
    const changed = await openDesk(db, { ADMIN_PASSWORD: "another password" });
    expect((await changed.ask("/me", { cookie })).status).toBe(401);
    await changed[Symbol.asyncDispose]();
  });

  it("has its password changed by its owner alone, which ends the other sessions", async () => {
    const email = "changes@example.com";
    const [first, second] = [await signUp(db, desk, { email, role: "reader" }), await signIn(email)];
    const change = (password: string) =>
      desk.ask("/password", {
        method: "PUT",
        cookie: first.cookie,
        body: { password, newPassword: "another one, as long" },
      });
    expect((await change("a wrong password")).status).toBe(401);
    expect((await change(goodPassword)).status).toBe(204);
    await expect
      .poll(async () => (await desk.ask("/me", { cookie: second.cookie })).status, { timeout: 5000 })
      .toBe(401);
    expect((await desk.ask("/me", { cookie: first.cookie })).status).toBe(200);
    expect((await signIn(email)).status).toBe(401);
    expect((await signIn(email, "another one, as long")).status).toBe(200);
  });
});

describe("a change with a cookie", () => {
  const email = "csrf@example.com";
  let cookie = "";
  beforeAll(async () => {
    ({ cookie } = await signUp(db, desk, { email }));
  });

  it.each([
    ["of a page on another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, 403],
    ["of a page on a sibling host", { "sec-fetch-site": "same-site", origin: "http://shop.localhost" }, 403],
    ["of an old browser on another site", { origin: "https://evil.example" }, 403],
    ["of a page without an origin", { origin: "null" }, 403],
    ["of no page", { origin: undefined }, 403],
    ["that was typed into the address bar", { "sec-fetch-site": "none", origin: undefined }, 403],
    ["of a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["of a form with files", { "content-type": "multipart/form-data; boundary=x" }, 415],
    ["of a form in plain text", { "content-type": "text/plain" }, 415],
    ["without a type", { "content-type": undefined }, 415],
    ["of the console", { "sec-fetch-site": "same-origin" }, 204],
    ["of the console in an old browser", {}, 204],
  ])("%s is answered with the right status", async (_who, headers, status) => {
    const body = { state: "away" };
    expect((await desk.ask("/presence", { method: "PUT", cookie, body, headers })).status).toBe(status);
    if (status === 403) {
      const signingIn = await desk.ask("/sign-in", { body: { email, password: goodPassword }, headers });
      expect([signingIn.status, signingIn.cookie]).toEqual([403, ""]);
    }
  });
});

describe("sign-in", () => {
  it("does not say whether an address has an account", async () => {
    await signUp(db, desk, { email: "known@example.com" });
    const [wrong, unknown] = [
      await signIn("known@example.com", "a wrong password"),
      await signIn("nobody@example.com"),
    ];
    expect([wrong.status, wrong.cookie]).toEqual([401, ""]);
    expect({ ...unknown.body, instance: "" }).toEqual({ ...wrong.body, instance: "" });
    expect(desk.log()).not.toMatch(/a wrong password|four words are enough/);
  });

  it("is refused after ten failures of an address, at every process, and not to others", async () => {
    const email = "guessed@example.com";
    await signUp(db, desk, { email });
    const from = newAddress();
    await (await openLimits()).failedLogins.count(`password:${from}`, 9);
    expect((await signIn(email, "a wrong password", from)).status).toBe(401);
    const refused = await signIn(email, goodPassword, from);
    expect([refused.status, Number(refused.headers["retry-after"]) > 0]).toEqual([429, true]);
    const body = { email, password: goodPassword };
    expect((await other.ask("/sign-in", { body, headers: { "x-forwarded-for": from } })).status).toBe(429);
    expect((await signIn(email)).status).toBe(200);
  });

  it("is refused for an account after a hundred failures from anywhere", async () => {
    const email = "besieged@example.com";
    const { cookie } = await signUp(db, desk, { email });
    await (await openLimits()).failedSignIns.count(`account:${email}`, 98);
    const guess = () => signIn(email, "a wrong password", newAddress());
    expect((await guess()).status).toBe(401);
    // A success takes nothing off what others have guessed.
    expect((await signIn(email)).status).toBe(200);
    expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
    expect((await signIn(email)).status).toBe(429);
    expect((await desk.ask("/me", { cookie })).status).toBe(200);
  });

  it("refuses guessed links after ten", async () => {
    const from = newAddress();
    const guess = () => desk.ask("/links", { body: { link: "x".repeat(43) }, headers: { "x-forwarded-for": from } });
    for (let no = 0; no < 10; no += 1) expect((await guess()).status).toBe(410);
    expect((await guess()).status).toBe(429);
  });
});

/** Opens the counts of both processes. */
async function openLimits() {
  const lifecycle = new Lifecycle(quietLog());
  onTestFinished(() => lifecycle.close(1000));
  const config = readConfig({ DATABASE_URL: db.url, NODE_ENV: "test" });
  return openRateLimits(config, { siteId: defaultSite, log: quietLog(), lifecycle });
}
