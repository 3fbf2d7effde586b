import { v4 } from "uuid";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readConfig } from "../../../shared/config/config.ts";
import { endProviderReport, storeProviderReport } from "../../../shared/db/operators/provider-reports.ts";
import { describeProviders } from "../../../shared/assistants/provider-catalog.ts";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { KnownProviders } from "./known-providers.ts";

const DATABASE_URL = "postgres://localhost/parley";
/** Description that a process with this environment would give of its providers. */
const of = (env: Record<string, string> = {}) => describeProviders(readConfig({ DATABASE_URL, ...env }));
const withOpenai = of({ OPENAI_API_KEY: "k", OPENAI_MODEL: "gpt-of-the-workers" });
const withAnthropic = of({ ANTHROPIC_API_KEY: "k" });

async function open(own = of()) {
  const db = await openTestDatabase();
  onTestFinished(() => db[Symbol.asyncDispose]());
  const ask = () => new KnownProviders({ pool: db.pool, own, log: quietLog() });
  return { db, ask, names: () => ask().names() };
}

describe("known providers of an API", () => {
  it("are those of its own settings until a worker reports", async () => {
    const { ask, db } = await open(withAnthropic);
    expect(await ask().read()).toEqual(withAnthropic);
    await storeProviderReport(db.pool, v4(), withOpenai);
    expect(await ask().read()).toEqual(withOpenai);
  });

  it("are those any live worker can use", async () => {
    const { db, names } = await open();
    await storeProviderReport(db.pool, v4(), withOpenai);
    await storeProviderReport(db.pool, v4(), withAnthropic);
    expect(await names()).toEqual(["anthropic", "openai", "preset"]);
  });

  it("expire with their workers; the last report stays while none runs", async () => {
    const { db, names } = await open();
    const [first, second] = [v4(), v4()];
    await storeProviderReport(db.pool, first, withOpenai);
    await storeProviderReport(db.pool, second, withAnthropic);
    await endProviderReport(db.pool, first);
    expect(await names()).toEqual(["anthropic", "preset"]);
    await db.pool.query("update provider_reports set reported_at = now() - interval '2 h'");
    await storeProviderReport(db.pool, first, withOpenai);
    expect(await names()).toEqual(["openai", "preset"]);
    await endProviderReport(db.pool, first);
    expect(await names()).toEqual(["openai", "preset"]);
  });

  it("omit names reported by other versions and unknown here", async () => {
    const { db, names } = await open();
    await storeProviderReport(db.pool, v4(), [{ name: "of-tomorrow", model: "m", available: true }]);
    expect(await names()).toEqual([]);
  });

  it("stay unchanged while the database is down", async () => {
    const db = await openTestDatabase();
    const known = new KnownProviders({ pool: db.pool, own: of(), log: quietLog() });
    await storeProviderReport(db.pool, v4(), withOpenai);
    expect(await known.names()).toEqual(["openai", "preset"]);
    await db[Symbol.asyncDispose]();
    vi.spyOn(performance, "now").mockReturnValue(performance.now() + 10_000);
    onTestFinished(() => void vi.restoreAllMocks());
    expect(await known.names()).toEqual(["openai", "preset"]);
  });
});
