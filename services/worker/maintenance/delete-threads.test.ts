import { beforeAll, describe, expect, it } from "vitest";
import { discardThread } from "../../../shared/db/conversations/threads.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { deleteThreads } from "./delete-threads.ts";
import { type Provider, ProviderError, type ProviderErrorCode } from "../providers/provider.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

/** Keeps threads, and answers deletions as scripted. */
function keeper(name: Provider["name"]) {
  const told = { fault: undefined as ProviderErrorCode | undefined, asked: [] as string[], deleted: [] as string[] };
  const provider: Provider = {
    name,
    stream: () => {
      throw new Error("nobody asks for a reply");
    },
    threads: {
      required: false,
      create: async () => "",
      fill: async () => undefined,
      delete: async (id) => {
        told.asked.push(id);
        if (told.fault) throw new ProviderError(told.fault, "as it was told");
        told.deleted.push(id);
      },
    },
  };
  return { provider, told };
}

async function discard(provider: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => `${provider}_${index}`);
  for (const id of ids) await discardThread(db.pool, { provider, id });
  await db.pool.query("update thread_deletions set due_at = now() - interval '1 s'");
  return ids;
}

describe("deletion of threads", () => {
  it("deletes all due threads, and earlier failures once a provider is back", async () => {
    const context = { db, log: quietLog() };
    const [openai, other] = [keeper("openai"), keeper("openai-assistants")];
    const keepers = [openai.provider, other.provider];
    const away = new Set<string>();
    const [ids, others] = [await discard("openai", 30), await discard("openai-assistants", 10)];

    openai.told.fault = "unreachable";
    await deleteThreads(context, keepers, away);
    // One batch tells that it is away; that is no reason to keep the others.
    expect(openai.told.asked.length).toBeLessThanOrEqual(4);
    expect(new Set(other.told.deleted)).toEqual(new Set(others));
    expect(away).toEqual(new Set(["openai"]));

    openai.told.fault = undefined;
    await deleteThreads(context, keepers, away);
    expect(new Set(openai.told.deleted)).toEqual(new Set(ids));
    expect(away).toEqual(new Set());
    expect((await db.pool.query("select from thread_deletions")).rowCount).toBe(0);
  });

  it("continues past threads a provider refuses to delete and retries those much later", async () => {
    const { provider, told } = keeper("openai");
    await discard("openai", 10);
    told.fault = "rejected";
    await deleteThreads({ db, log: quietLog() }, [provider], new Set());
    expect(new Set(told.asked).size).toBe(10);
    await deleteThreads({ db, log: quietLog() }, [provider], new Set());
    expect(told.asked).toHaveLength(10);
    expect((await db.pool.query("select from thread_deletions where due_at > now()")).rowCount).toBe(10);
  });
});
