import type { InferEntity } from "@mikro-orm/core";
import type { RunRow } from "../../shared/db/jobs/timeline.ts";
import { RunEntity } from "../../shared/db/schema/entities/bookkeeping-entities.ts";
import { JobEntity } from "../../shared/db/schema/entities/job-entities.ts";
import { withEntityManager } from "../../shared/db/schema/entity-manager.ts";
import { describeRun } from "../../shared/jobs/describe-run.ts";

/** Describes a job and each of its runs, for an operator; `undefined`: there is no such job. */
export async function showJob(databaseUrl: string, jobId: string): Promise<string | undefined> {
  return withEntityManager(databaseUrl, async (em) => {
    const job = await em.findOne(JobEntity, { id: jobId });
    if (!job) return undefined;
    const why = job.errorCode ? ` (${job.errorCode})` : "";
    const runs = await em.find(RunEntity, { jobId }, { orderBy: { run: "asc" } });
    const lines = runs.map((run) => `  ${describeRun(toRow(run))}\n`);
    return `${job.status}${why}, accepted ${job.createdAt.toISOString()}\n${lines.join("")}`;
  });
}

function toRow({
  run,
  attempt,
  worker,
  outcome,
  claimedAt,
  firstDeltaMs,
  endedAt,
}: InferEntity<typeof RunEntity>): RunRow {
  return {
    run,
    attempt,
    worker,
    outcome: outcome ?? null,
    claimedAt: claimedAt.getTime(),
    firstDeltaAt: typeof firstDeltaMs === "number" ? claimedAt.getTime() + firstDeltaMs : null,
    endedAt: endedAt?.getTime() ?? null,
  };
}
