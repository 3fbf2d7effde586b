import { beforeAll, expect, it } from "vitest";
import { storeDeparture } from "../../../shared/db/accounts/departure.ts";
import { addKey } from "../../../shared/db/desk/operator-keys.ts";
import { hashOfKey, makeOperatorKey } from "../../../shared/operator-key.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { type Desk, type DeskAnswer, openDesk, signUp } from "./desk-fixture.testsuite.ts";

let db: OpenTestDatabase;
let desk: Desk;
let admin: DeskAnswer;
beforeAll(async () => {
  db = await openTestDatabase();
  desk = await openDesk(db);
  admin = await signUp(db, desk, { email: "ada@example.com", name: "Ada", role: "admin" });
  return async () => {
    await desk[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  };
});

const remove = (id: unknown) => desk.ask(`/operators/${String(id)}`, { method: "DELETE", cookie: admin.cookie });

async function idOf({ cookie }: DeskAnswer): Promise<unknown> {
  return (await desk.ask("/me", { cookie })).body["id"];
}

/** An operator with a key, and a conversation that they answer. */
async function employ(name: string) {
  const session = await signUp(db, desk, { email: `${name}@example.com`, name });
  const key = makeOperatorKey();
  const keyHash = hashOfKey(key) ?? Buffer.alloc(0);
  await addKey(db.pool, { siteId: defaultSite, name, role: "operator", keyHash, days: 1 });
  const { conversationId } = await startConversation(db.pool);
  const said = await desk.ask(`/conversations/${conversationId}/messages`, {
    cookie: session.cookie,
    body: { text: "Hello, how can I help?" },
  });
  expect(said.status).toBe(201);
  return { id: await idOf(session), session, authorization: `Bearer ${key}`, conversationId };
}

const voiceOf = async (conversationId: string) => {
  const { body } = await desk.ask(`/conversations/${conversationId}`, { cookie: admin.cookie });
  return body;
};

it("ends sessions, keys and account of an operator, returns conversations, and keeps the name", async () => {
  const { id, session, authorization, conversationId } = await employ("leaver");
  expect(await voiceOf(conversationId)).toMatchObject({ handledBy: "operator", operator: { name: "leaver" } });
  expect((await remove(id)).status).toBe(204);
  expect(await voiceOf(conversationId)).toMatchObject({
    handledBy: "waiting",
    messages: [{ sender: "user" }, { sender: "operator", operator: { name: "leaver" } }],
  });
  for (const credentials of [{ cookie: session.cookie }, { headers: { authorization } }]) {
    await expect.poll(async () => (await desk.ask("/me", credentials)).status, { timeout: 5000 }).toBe(401);
  }
  const { operators } = (await desk.ask("/operators", { cookie: admin.cookie })).body as {
    operators: { name: string }[];
  };
  expect(operators.map(({ name }) => name)).not.toContain("leaver");
  expect((await remove(id)).status).toBe(404);
  // Both the address and the name are free for somebody else.
  const next = await signUp(db, desk, { email: "leaver@example.com", name: "leaver" });
  expect(await idOf(next)).not.toBe(id);
});

it("returns what was left behind at the next look, and leaves alone what a colleague has", async () => {
  const [quits, other, stays] = [await employ("quits"), await employ("other"), await employ("stays")];
  // As the command does, which returns nothing itself.
  await storeDeparture(db.pool, defaultSite, String(quits.id));
  await storeDeparture(db.pool, defaultSite, String(other.id));
  const taken = await desk.ask(`/conversations/${quits.conversationId}/take`, {
    cookie: admin.cookie,
    body: { force: true },
  });
  expect(taken.status).toBe(200);
  await signUp(db, desk, { email: "last@example.com", name: "last" }).then(async (last) => remove(await idOf(last)));
  expect(await voiceOf(other.conversationId)).toMatchObject({ handledBy: "waiting" });
  expect(await voiceOf(quits.conversationId)).toMatchObject({ operator: { name: "Ada" } });
  expect(await voiceOf(stays.conversationId)).toMatchObject({ operator: { name: "stays" } });
});

it("is refused for oneself and for operators of the configuration", async () => {
  const { operators } = (await desk.ask("/operators", { cookie: admin.cookie })).body as {
    operators: { id: string; name: string }[];
  };
  const support = operators.find(({ name }) => name === "Support");
  expect((await remove(await idOf(admin))).body.type).toBe("/problems/not-removable");
  if (support) expect((await remove(support.id)).body.type).toBe("/problems/not-removable");
  expect((await desk.ask("/me", { cookie: admin.cookie })).status).toBe(200);
});
