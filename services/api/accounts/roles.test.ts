import { beforeAll, beforeEach, expect, it } from "vitest";
import { storeRole } from "../../../shared/db/accounts/change-role.ts";
import { storeDeparture } from "../../../shared/db/accounts/departure.ts";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { adminPassword, type Desk, openDesk, signUp } from "./desk-fixture.testsuite.ts";

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
beforeEach(() => db.pool.query("update operators set left_at = now(), email = null where email is not null"));

const asSupport = { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}` };

async function employ(name: string, role: OperatorRole) {
  const { cookie } = await signUp(db, desk, { email: `${name.toLowerCase()}@example.com`, name, role });
  return { cookie, id: String((await desk.ask("/me", { cookie })).body["id"]) };
}

const give = (id: string, role: unknown, credentials: { cookie?: string }) =>
  desk.ask(`/operators/${id}/role`, { method: "PUT", body: { role }, ...credentials });

async function admins(): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    "select name from operators where role = 'admin' and email is not null and left_at is null",
  );
  return rows.map(({ name }) => name);
}

it("are changed by an admin, for the sessions that there are, too", async () => {
  const [ada, ben] = [await employ("Ada", "admin"), await employ("Ben", "operator")];
  expect((await give(ben.id, "admin", ben)).body.type).toBe("/problems/role-required");
  expect((await give(ben.id, "owner", ada)).body.type).toBe("/problems/invalid-request");
  expect((await give(ben.id, "admin", ada)).status).toBe(204);
  expect((await give(ben.id, "admin", ada)).status).toBe(204);
  await expect.poll(async () => (await desk.ask("/me", ben)).body["role"], { timeout: 5000 }).toBe("admin");
  expect((await give(ada.id, "operator", ben)).status).toBe(204);
  expect(desk.log()).toContain(`"audit":"role changed","member":"${ada.id}","from":"admin","to":"operator"`);
  expect((await give(crypto.randomUUID(), "reader", ben)).status).toBe(404);
});

it("of a reader leave no conversation", async () => {
  const [ada, rea] = [await employ("Ada", "admin"), await employ("Rea", "operator")];
  const { conversationId } = await startConversation(db.pool);
  const path = `/conversations/${conversationId}`;
  expect((await desk.ask(`${path}/take`, { method: "POST", body: {}, ...rea })).status).toBe(200);
  expect((await give(rea.id, "reader", ada)).status).toBe(204);
  expect((await desk.ask(path, ada)).body).toMatchObject({ handledBy: "waiting" });
});

it("leave one admin with an account, whoever asks", async () => {
  const ada = await employ("Ada", "admin");
  const refused = { status: 409, body: { type: "/problems/last-admin" } };
  const removed = await desk.ask(`/operators/${ada.id}`, { method: "DELETE", headers: asSupport });
  expect(removed).toMatchObject(refused);
  expect(removed.body["detail"]).toBe("Ada is the last admin with an account: make somebody else an admin first.");
  expect(await give(ada.id, "reader", ada)).toMatchObject(refused);
  expect((await give(ada.id, "admin", ada)).status).toBe(204);
  await employ("Ben", "admin");
  expect((await give(ada.id, "reader", ada)).status).toBe(204);
  expect(await admins()).toEqual(["Ben"]);
});

it("of the configuration stay", async () => {
  const { body } = await desk.ask("/me", { headers: asSupport });
  const ada = await employ("Ada", "admin");
  expect((await give(String(body["id"]), "reader", ada)).body.type).toBe("/problems/role-fixed");
});

it.each([
  ["remove each other", storeDeparture],
  [
    "take the role from each other",
    async (...[pool, siteId, operatorId]: Parameters<typeof storeDeparture>) =>
      storeRole(pool, { siteId, operatorId, role: "operator" }),
  ],
])("leave one of two admins who %s at the same moment", async (_what, end) => {
  const ids = [await employ("Ada", "admin"), await employ("Ben", "admin")].map(({ id }) => id);
  const held = await db.pool.connect();
  await held.query("begin");
  await held.query("select from operators where id = any($1) for update", [ids]);
  const ends = Promise.all(ids.map((id) => end(db.pool, defaultSite, id)));
  // Both have read that there are two admins.
  await expect
    .poll(
      async () => {
        const { rows } = await db.pool.query<{ waiting: number }>(
          `select count(*)::int as waiting from pg_stat_activity
           where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return rows[0]?.waiting;
      },
      { timeout: 5000 },
    )
    .toBe(2);
  await held.query("commit");
  held.release();
  expect((await ends).toSorted()).toEqual(["done", "last-admin"]);
  expect(await admins()).toHaveLength(1);
});
