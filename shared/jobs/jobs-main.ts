import { ConfigError, readStoresConfig } from "../config.ts";
import { readJob } from "../db/read-job.ts";
import { retryRefusals } from "../db/retry.ts";
import { readRuns } from "../db/timeline.ts";
import { Lifecycle } from "../lifecycle.ts";
import { createLogger } from "../logger.ts";
import { id as jobIdSchema } from "../protocol/submit.ts";
import { describeRun } from "./describe-run.ts";
import { openJobContext } from "./open-job-context.ts";
import { retryJob } from "./retry-job.ts";

const usage = `Usage:
  npm run jobs -- show <job id>     what became of a job, run by run
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
    process.stderr.write("There is no such job.\n");
    return 1;
  }
  const why = job.errorCode === null ? "" : ` (${job.errorCode})`;
  const runs = (await readRuns(db.pool, jobId)).map((run) => `  ${describeRun(run)}\n`);
  process.stdout.write(`${job.status}${why}, accepted ${new Date(job.createdAt).toISOString()}\n${runs.join("")}`);
  return 0;
}
