import { v7 } from "uuid";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { inviteOperator } from "../../../shared/accounts/invite.ts";
import { storeProcessReport } from "../../../shared/db/operators/process-reports.ts";
import { invitationList } from "../../../shared/protocol/people/accounts.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { type Desk, goodPassword, openDesk, signUp } from "./desk-fixture.testsuite.ts";

let db: OpenTestDatabase;
let desk: Desk;
let cookie: string;
beforeAll(async () => {
  db = await openTestDatabase();
  desk = await openDesk(db);
  ({ cookie } = await signUp(db, desk, { email: "ada@example.com", name: "Ada", role: "admin" }));
  return async () => {
    await desk[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  };
});
beforeEach(() => db.pool.query("truncate operator_links, process_reports cascade"));

const invite = (email: string, more?: object) => desk.ask("/invitations", { cookie, body: { email, ...more } });
const list = async () => invitationList.parse((await desk.ask("/invitations", { cookie })).body);
const withdraw = (id: unknown) => desk.ask(`/invitations/${String(id)}`, { method: "DELETE", cookie });
const tokenIn = (link: unknown) => new URL(String(link)).hash.replace("#link=", "");

/** Process that reports that it runs. */
const runWorker = (sendsMail: boolean) =>
  storeProcessReport(db.pool, v7(), { name: "worker", place: "a-host:1", version: 1, sendsMail });

it("are listed with who invited, role and end, until they are used", async () => {
  const made = await invite("Ben@example.com", { role: "reader" });
  const shell = { siteId: defaultSite, email: "cy@example.com", role: "operator", base: "http://localhost" } as const;
  await inviteOperator(db.pool, shell);
  const { invitations, mail } = await list();
  expect(mail).toBe(false);
  expect(invitations).toMatchObject([
    { email: "cy@example.com", name: "cy", role: "operator" },
    { id: made.body["id"], email: "ben@example.com", role: "reader", invitedBy: "Ada", endsAt: made.body["endsAt"] },
  ]);
  expect(invitations[0]).not.toHaveProperty("invitedBy");
  expect(JSON.stringify(invitations)).not.toContain(tokenIn(made.body["link"]));
  const used = await desk.ask("/sign-in", { body: { link: tokenIn(made.body["link"]), newPassword: goodPassword } });
  expect(used.status).toBe(200);
  expect((await list()).invitations).toHaveLength(1);
  expect((await withdraw(made.body["id"])).status).toBe(404);
});

it("open nothing once they are withdrawn", async () => {
  const { body } = await invite("dee@example.com");
  const link = tokenIn(body["link"]);
  expect((await desk.ask("/links", { body: { link } })).status).toBe(200);
  expect((await withdraw(body["id"])).status).toBe(204);
  expect((await desk.ask("/links", { body: { link } })).status).toBe(410);
  expect((await desk.ask("/sign-in", { body: { link, newPassword: goodPassword } })).status).toBe(410);
  expect((await list()).invitations).toEqual([]);
  expect((await withdraw(body["id"])).status).toBe(404);
});

it("go by mail where a worker sends mail, and show no link then", async () => {
  await runWorker(true);
  await runWorker(false);
  const { status, body } = await invite("eve@example.com");
  expect(status).toBe(201);
  expect(body).not.toHaveProperty("link");
  expect(await list()).toMatchObject({ mail: true, invitations: [{ email: "eve@example.com", mail: "due" }] });
  expect((await invite("eve@example.com", { by: "link" })).body).toHaveProperty("link");
  expect((await list()).invitations).toHaveLength(1);
  // The mail went with the invitation that it was about.
  expect((await db.pool.query("select from mails")).rowCount).toBe(0);
});

it("show a link where no worker sends mail, or one does not say it", async () => {
  await runWorker(false);
  expect((await invite("fay@example.com", { by: "mail" })).body.type).toBe("/problems/no-mail");
  expect((await invite("fay@example.com")).body).toHaveProperty("link");
  await runWorker(true);
  await db.pool.query("update process_reports set sends_mail = null where not sends_mail");
  expect((await invite("gus@example.com")).body).toHaveProperty("link");
});
