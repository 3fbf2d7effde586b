import type { Pool } from "pg";
import { v4 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { ClaimsSeal } from "../../../shared/actions/claims-seal.ts";
import { readConfig } from "../../../shared/config/config.ts";
import {
  followUp,
  readConversationColumns,
  startConversation,
} from "../../../shared/testing/fixtures/conversations.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { KnownProviders } from "./known-providers.ts";
import { submitMessage } from "./submit-message.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const assistant: Assistant = {
  name: "Tester",
  description: "For tests",
  instructions: "Be brief.",
  maxOutputTokens: 100,
  maxHistoryTokens: 8000,
  state: "own",
  presets: [],
};

type Before = Record<string, (conversationId: string) => Promise<unknown>>;

/** A pool on which other transactions commit before some statements are sent. */
function disturbed(conversationId: string, before: Before): { pool: Pool; sent: string[] } {
  const sent: string[] = [];
  const query = async (statement: { name: string; text: string; values: unknown[] }) => {
    sent.push(statement.name);
    await before[statement.name]?.(conversationId);
    return db.pool.query(statement);
  };
  return { pool: Object.create(db.pool, { query: { value: query } }) as Pool, sent };
}

function openSubmit(pool: Pool, siteId = defaultSite) {
  const dispatched: string[] = [];
  const checked: (string | undefined)[] = [];
  const config = readConfig({ DATABASE_URL: "postgresql://127.0.0.1/none", RATE_LIMIT_MAX_REQUESTS: "10" });
  const context = {
    siteId,
    config,
    assistants: new Map([["default", assistant]]),
    providers: new KnownProviders({ pool, own: [], log: quietLog() }),
    db: { ...db, pool },
    dispatcher: { push: (jobId: string) => dispatched.push(jobId) },
    live: { hintChange: async () => undefined, hintCancel: async () => undefined },
    log: quietLog(),
    backlog: { isFull: async () => false },
    claimsSeal: new ClaimsSeal("a secret of this test"),
    challenge: { check: async (answer: string | undefined) => void checked.push(answer) },
  };
  const submit = (conversationId?: string, idempotencyKey?: string) =>
    submitMessage(
      context,
      { message: "a question" },
      {
        conversationId,
        idempotencyKey,
        requestId: "request-1",
        trace: undefined,
        visitor: undefined,
        idAlone: false,
        proof: { answer: "solved", address: "192.0.2.1" },
      },
    );
  return { submit, dispatched, checked };
}

const fillWindow = (conversationId: string) =>
  db.pool.query("update conversations set window_messages = 10, window_began_at = now() where id = $1", [
    conversationId,
  ]);
const emptyWindow = (conversationId: string) =>
  db.pool.query("update conversations set window_messages = 0 where id = $1", [conversationId]);

describe("submitting a message", () => {
  it("tries three times while others change the conversation, then answers 503 and writes nothing", async () => {
    const { conversationId } = await startConversation(db.pool);
    const { pool, sent } = disturbed(conversationId, {
      "append-message": fillWindow,
      "append-messages": fillWindow,
      "conversation-state": emptyWindow,
    });
    const { submit, dispatched } = openSubmit(pool);
    await expect(submit(conversationId)).rejects.toMatchObject({
      code: "unavailable",
      status: 503,
      retryAfterSeconds: 1,
    });
    expect(sent.filter((name) => name === "conversation-state")).toHaveLength(3);
    expect(await readConversationColumns(db.pool, conversationId)).toMatchObject({ message_count: 1, next_turn: 2 });
    expect(dispatched).toEqual([]);
  });

  it("takes one key in two sites for two messages", async () => {
    const key = v4();
    const [here, there] = [openSubmit(db.pool), openSubmit(db.pool, "other")];
    const first = await here.submit(undefined, key);
    const second = await there.submit(undefined, key);
    expect(second.conversationId).not.toBe(first.conversationId);
    for (const [{ submit }, { conversationId }] of [
      [here, first],
      [there, second],
    ] as const) {
      expect(await submit(undefined, key)).toMatchObject({ conversationId });
    }
    const site = async ({ conversationId }: { conversationId: string }) =>
      (await readConversationColumns(db.pool, conversationId))["site_id"];
    expect([await site(first), await site(second)]).toEqual([defaultSite, "other"]);
  });

  it("accepts the message once if the obstacle disappears before it is named", async () => {
    const { conversationId } = await startConversation(db.pool);
    await fillWindow(conversationId);
    const { pool, sent } = disturbed(conversationId, { "conversation-state": emptyWindow });
    const { submit } = openSubmit(pool);
    expect(await submit(conversationId)).toMatchObject({ conversationId, status: "queued" });
    expect(sent.filter((name) => name === "conversation-state")).toHaveLength(1);
    expect(await readConversationColumns(db.pool, conversationId)).toMatchObject({ message_count: 2, next_turn: 3 });
  });

  it("names the obstacle after one try", async () => {
    const { conversationId } = await startConversation(db.pool);
    for (let open = 1; open < 5; open += 1) await followUp(db.pool, conversationId);
    const { submit } = openSubmit(db.pool);
    await expect(submit(conversationId)).rejects.toMatchObject({ code: "too-many-unanswered" });
    await expect(submit(v4())).rejects.toMatchObject({ code: "not-found" });
    await fillWindow(conversationId);
    await expect(submit(conversationId)).rejects.toMatchObject({ code: "rate-limited" });
  });

  it("returns one job for a key that is sent ten times at once", async () => {
    const { conversationId } = await startConversation(db.pool);
    const { submit } = openSubmit(db.pool);
    const following = await Promise.all(Array.from({ length: 10 }, () => submit(conversationId, "a key")));
    expect(new Set(following.map(({ jobId }) => jobId)).size).toBe(1);
    const key = v4();
    const first = await Promise.all(Array.from({ length: 10 }, () => submit(undefined, key)));
    expect(new Set(first.map((submission) => submission.conversationId)).size).toBe(1);
  });

  it("accepts a message under an expired key as new and checks the challenge once", async () => {
    const { submit, checked, dispatched } = openSubmit(db.pool);
    const key = v4();
    const first = await submit(undefined, key);
    expect(await submit(undefined, key)).toMatchObject({ jobId: first.jobId });
    expect(checked).toEqual(["solved"]);
    await db.pool.query("update jobs set created_at = now() - interval '25 h' where id = $1", [first.jobId]);
    const again = await submit(undefined, key);
    expect(again.jobId).not.toBe(first.jobId);
    expect(checked).toEqual(["solved", "solved"]);
    expect(dispatched).toEqual([first.jobId, again.jobId]);
  });
});
