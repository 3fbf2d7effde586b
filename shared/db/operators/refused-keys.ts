import type { Pool } from "pg";
import { interval, staleCircuitReportMs } from "../../tunables.ts";
import { queryTyped, typedStatement } from "../typed-statement.ts";

export const keyReportsStatement = typedStatement("operator-key-reports", ({ db, millis, sql }) =>
  db
    .selectFrom("circuit_reports")
    .select("provider_keys as keys")
    .select((eb) => millis(eb.ref("reported_at")).as("reportedAt"))
    .where("reported_at", ">", sql<Date>`now() - ${sql.raw(interval(staleCircuitReportMs))}`),
);

export interface RefusedKey {
  provider: string;
  /** Unix milliseconds of the newest refusal. */
  refusedAt: number;
}

/** A refusal this young counts although another worker, which may have another key, was answered since. */
const recentMs = 60_000;

/** Finds the providers that refuse the key of a living worker. */
export async function readRefusedKeys(pool: Pool): Promise<RefusedKey[]> {
  const reports = await queryTyped(pool, keyReportsStatement, undefined);
  const seen = reports.flatMap(({ keys, reportedAt }) =>
    keys.map(({ provider, refusedMsAgo, answeredMsAgo }) => ({
      provider,
      refusedAt: reportedAt - (refusedMsAgo ?? Infinity),
      answeredAt: reportedAt - (answeredMsAgo ?? Infinity),
      reportedAt,
    })),
  );
  return [...Map.groupBy(seen, ({ provider }) => provider)].flatMap(([provider, workers]) => {
    const answeredAt = Math.max(...workers.map((worker) => worker.answeredAt));
    const refusals = workers.filter(
      (worker) =>
        worker.refusedAt > worker.answeredAt &&
        (worker.refusedAt > answeredAt || worker.refusedAt > worker.reportedAt - recentMs),
    );
    return refusals.length > 0 ? [{ provider, refusedAt: Math.max(...refusals.map((each) => each.refusedAt)) }] : [];
  });
}
