import { assistantsPath, readAssistants } from "../../shared/assistants.ts";
import type { Config } from "../../shared/config.ts";
import { openJobContext } from "../../shared/jobs/open-job-context.ts";
import type { Lifecycle } from "../../shared/lifecycle.ts";
import type { Logger } from "../../shared/logger.ts";
import { startConsumer } from "./consumer.ts";
import { Leases } from "./leases.ts";
import { loadProviders } from "./providers/registry.ts";
import { startReconciler } from "./reconcile.ts";
import { TakeOvers } from "./take-overs.ts";
import type { WorkerContext } from "./worker-context.ts";

/** After a SIGTERM, replies under way may end within this; the rest is given back. */
const drainMs = 15_000;

/** Jobs in, provider called, reply out. */
export async function startWorker(
  config: Config,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<void> {
  const assistants = await readAssistants(assistantsPath);
  const providers = await loadProviders(config);
  const { backend, ...jobs } = await openJobContext(config, { log, lifecycle });
  const takeOvers = new TakeOvers();
  const leases = new Leases({ pool: jobs.db.pool, takeOvers, log });
  const context: WorkerContext = { ...jobs, config, assistants, providers, leases, takeOvers };

  const stopListening = await context.live.listenForCancels((jobId) => void leases.hearCancel(jobId));
  lifecycle.onClose("cancels", stopListening);
  const stopReconciler = startReconciler(context);
  lifecycle.onClose("reconciler", stopReconciler);
  const consumer = startConsumer(context, backend);
  lifecycle.onClose("consumer", () => consumer.close(drainMs));
  log.info({ providers: [...providers.keys()], concurrency: config.WORKER_CONCURRENCY }, "worker is ready");
}
