import { parseArgs } from "node:util";
import { z } from "zod";
import { retryRefusals } from "../../shared/db/jobs/retry.ts";
import { describeError } from "../../shared/describe-error.ts";
import { openJobContext } from "../../shared/jobs/open-job-context.ts";
import { retryJob } from "../../shared/jobs/retry-job.ts";
import { createLogger } from "../../shared/logger.ts";
import { Lifecycle } from "../../shared/process/lifecycle.ts";
import { jobStatus } from "../../shared/protocol/job.ts";
import { id as jobId } from "../../shared/protocol/submit.ts";
import { type Command, runCommand, type Stores } from "./run-command.ts";

const usage = `Usage:
  npm run jobs -- list              list the newest failed and active jobs: id, status, times, reason
  npm run jobs -- show <job id>     print the status of a job and each of its runs
  npm run jobs -- retry <job id>    queue a failed job again

Options of list:
  --status <status>    ${jobStatus.options.join(", ")}; may be given several times
  --limit <number>     how many jobs at most, 1 to 1000; 20 by default

The database is the one of DATABASE_URL, or the one that npm start keeps in .data.
`;
const closeMs = 5000;

const listOptions = z.object({
  status: z.array(jobStatus).default(["failed", "active"]),
  limit: z.coerce.number().int().min(1).max(1000).default(20),
});

if (import.meta.main) process.exitCode = await runJobs(process.argv.slice(2));

/** @returns the exit code */
export function runJobs(args: string[]): Promise<number> {
  return runCommand(parseCommand(args), usage);
}

/** @returns a string if the arguments are wrong: what is wrong with them */
function parseCommand(args: string[]): Command | string {
  try {
    const options = { status: { type: "string", multiple: true }, limit: { type: "string" } } as const;
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [name = "", given, ...more] = positionals;
    if (name === "list" && given === undefined) {
      const selection = listOptions.safeParse(values);
      if (!selection.success) return `${z.prettifyError(selection.error)}\n\n`;
      return ({ DATABASE_URL }) => list(DATABASE_URL, selection.data);
    }
    if (name !== "show" && name !== "retry") return name === "" ? "" : `There is no command "${name}".\n\n`;
    const id = jobId.safeParse(given);
    if (!id.success || more.length > 0) return `${name}: expected the id of one job, as list prints it.\n\n`;
    return name === "show" ? ({ DATABASE_URL }) => show(DATABASE_URL, id.data) : (stores) => retry(stores, id.data);
  } catch (error) {
    return `${describeError(error)}\n\n`;
  }
}

async function retry(stores: Stores, id: string): Promise<number> {
  const log = await createLogger({ service: "jobs", level: "warn", pretty: true, to: "stderr" });
  const lifecycle = new Lifecycle(log);
  try {
    const result = await retryJob(await openJobContext(stores, { log, lifecycle }), id);
    process.stdout.write(result.retried ? "Queued again.\n" : `Not retried: ${retryRefusals[result.reason]}.\n`);
    return result.retried ? 0 : 1;
  } finally {
    await lifecycle.close(closeMs);
  }
}

/** Loads MikroORM only to show a job. */
async function show(databaseUrl: string, id: string): Promise<number> {
  const { showJob } = await import("./show-job.ts");
  const shown = await showJob(databaseUrl, id);
  if (shown === undefined) process.stderr.write("No job has this id.\n");
  else process.stdout.write(shown);
  return shown === undefined ? 1 : 0;
}

async function list(databaseUrl: string, { status, limit }: z.output<typeof listOptions>): Promise<number> {
  const { listJobs } = await import("./list-jobs.ts");
  const listed = await listJobs(databaseUrl, { statuses: status, limit });
  if (listed === "") process.stderr.write(`No job is ${status.join(" or ")}.\n`);
  else process.stdout.write(listed);
  return 0;
}
