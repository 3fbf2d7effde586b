import { ConfigError, readStoresConfig } from "../../shared/config/config.ts";
import { retryRefusals } from "../../shared/db/jobs/retry.ts";
import { Lifecycle } from "../../shared/process/lifecycle.ts";
import { createLogger } from "../../shared/logger.ts";
import { id as jobIdSchema } from "../../shared/protocol/submit.ts";
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
    const config = readStoresConfig();
    const context = await openJobContext(config, { log, lifecycle });
    return command === "retry" ? await retry(context, jobId.data) : await show(config.DATABASE_URL, jobId.data);
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

/** Loads MikroORM only to show a job. */
async function show(databaseUrl: string, jobId: string): Promise<number> {
  const { showJob } = await import("./show-job.ts");
  const shown = await showJob(databaseUrl, jobId);
  if (shown === undefined) process.stderr.write("No job has this id.\n");
  else process.stdout.write(shown);
  return shown === undefined ? 1 : 0;
}
