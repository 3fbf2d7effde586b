import { describe, expect, it, onTestFinished } from "vitest";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import type { Secrets } from "./signed-claims.ts";
import { compareTokenSecrets } from "./token-fingerprint.ts";

const [first, second, third] = ["a".repeat(32), "b".repeat(32), "c".repeat(32)];

async function open() {
  const db = await openTestDatabase();
  onTestFinished(() => db[Symbol.asyncDispose]());
  /** @returns the levels at which starting an API with these secrets says something */
  const start = async (...secrets: Secrets) => {
    const { log, lines } = recordingLog();
    await compareTokenSecrets(db.pool, secrets, log);
    for (const secret of secrets) expect(JSON.stringify(lines)).not.toContain(secret);
    return lines.map(({ level }) => level);
  };
  return { db, start };
}

const [info, error] = [30, 50];

describe("token secret at the start of an API", () => {
  it("is reported when another API was started with a different one", async () => {
    const { start } = await open();
    expect(await start(first)).toEqual([]);
    expect(await start(first)).toEqual([]);
    expect(await start(second)).toEqual([error]);
    expect(await start(first)).toEqual([error]);
    expect(await start(first)).toEqual([]);
  });

  it("can be rotated as documented, in either order, without a warning", async () => {
    for (const steps of [
      [[first, second], [second, first], [second]],
      [[second, first], [second]],
    ] as Secrets[][]) {
      const { start } = await open();
      await start(first);
      for (const secrets of steps)
        for (let api = 0; api < 2; api += 1) expect(await start(...secrets)).not.toContain(error);
    }
  });

  it("is reported when only an old secret is shared, or the signing one is missing", async () => {
    const { start } = await open();
    await start(second, first);
    expect(await start(third, first)).toEqual([error]);
    expect(await start(third, first)).toEqual([]);
    expect(await start(first)).toEqual([error]);
    expect(await start(second, first)).toEqual([info]);
  });

  it("is stored as one fingerprint per secret, even with concurrent starts", async () => {
    const { db, start } = await open();
    const levels = await Promise.all([start(first), start(second), start(first), start(second)]);
    expect(levels.flat()).toContain(error);
    const { rows } = await db.pool.query<{ value: string }>(
      "select value from settings where key like 'token-secret%'",
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.value).toMatch(/^\["[\w-]{22}"\]$/);
  });
});
