import { ConfigError, readStoresConfig } from "../../shared/config/config.ts";
import { readJob } from "../../shared/db/jobs/read-job.ts";
import { retryRefusals } from "../../shared/db/jobs/retry.ts";
import { readRuns } from "../../shared/db/jobs/timeline.ts";
import { Lifecycle } from "../../shared/process/lifecycle.ts";
import { createLogger } from "../../shared/logger.ts";
import { id as jobIdSchema } from "../../shared/protocol/submit.ts";
import { describeRun } from "../../shared/jobs/describe-run.ts";
import { openJobContext } from "../../shared/jobs/open-job-context.ts";
import { retryJob } from "../../shared/jobs/retry-job.ts";

const usage = `Usage:
  npm run jobs -- show <job id>     print the status of a job and each of its runs
  npm run jobs -- retry <job id>    queue a failed job again
`;
const closeMs = 5000;

process.exitCode = await main(process.argv.slice(2));

async function main([command, given]: string[]): Promise<number> {
  const jobId = jobIdSchema.safeParse(given);
  if (!jobId.success || (command !== "show" && command !== "retry")) {
    process.stderr.write(usage);
    return 2;
  }
  const log = await createLogger({ service: "jobs", level: "warn", pretty: true, to: "stderr" });
  const lifecycle = new Lifecycle(log);
  try {
    const context = await openJobContext(readStoresConfig(), { log, lifecycle });
    return command === "retry" ? await retry(context, jobId.data) : await show(context, jobId.data);
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await lifecycle.close(closeMs);
  }
}

async function retry(context: Parameters<typeof retryJob>[0], jobId: string): Promise<number> {
  const result = await retryJob(context, jobId);
  process.stdout.write(result.retried ? "Queued again.\n" : `Not retried: ${retryRefusals[result.reason]}.\n`);
  return result.retried ? 0 : 1;
}

async function show({ db }: Parameters<typeof retryJob>[0], jobId: string): Promise<number> {
  const job = await readJob(db.pool, jobId);
  if (!job) {
    process.stderr.write("No job has this id.\n");
    return 1;
  }
  const why = job.errorCode === null ? "" : ` (${job.errorCode})`;
  const runs = (await readRuns(db.pool, jobId)).map((run) => `  ${describeRun(run)}\n`);
  process.stdout.write(`${job.status}${why}, accepted ${new Date(job.createdAt).toISOString()}\n${runs.join("")}`);
  return 0;
}
