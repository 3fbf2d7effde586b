import { JobEntity } from "../../shared/db/schema/entities/job-entities.ts";
import { withEntityManager } from "../../shared/db/schema/entity-manager.ts";
import type { JobStatus } from "../../shared/protocol/job.ts";

interface Selection {
  statuses: readonly JobStatus[];
  limit: number;
}

/** Lists the newest jobs of these statuses, for an operator: id, status, times, provider and reason. */
export async function listJobs(databaseUrl: string, { statuses, limit }: Selection): Promise<string> {
  return withEntityManager(databaseUrl, async (em) => {
    const jobs = await em.find(
      JobEntity,
      { status: { $in: [...statuses] } },
      { orderBy: { createdAt: "desc", id: "desc" }, limit },
    );
    const lines = jobs.map(({ id, status, createdAt, finishedAt, provider, errorCode, run }) =>
      [
        id,
        status.padEnd("completed".length),
        `accepted ${createdAt.toISOString()}`,
        finishedAt ? `ended ${finishedAt.toISOString()}` : `${run} run(s)`,
        ...(provider ? [provider] : []),
        ...(errorCode ? [`(${errorCode})`] : []),
      ].join("  "),
    );
    return lines.map((line) => `${line}\n`).join("");
  });
}
