import { hostname } from "node:os";
import { assistantsPath, readAssistants } from "../../shared/assistants.ts";
import type { Config } from "../../shared/config.ts";
import { openJobContext } from "../../shared/jobs/open-job-context.ts";
import type { Lifecycle } from "../../shared/lifecycle.ts";
import type { Logger } from "../../shared/logger.ts";
import { providerAdvice } from "../../shared/provider-catalog.ts";
import { openTracing } from "../../shared/tracing/tracing.ts";
import { pricesPath, readPrices } from "../../shared/prices.ts";
import { checkBudgets } from "../../shared/check-budgets.ts";
import { Circuits } from "./circuits.ts";
import { Complaints } from "./complaints.ts";
import { reportProviders } from "./report-providers.ts";
import { reportCircuits } from "./report-circuits.ts";
import { startConsumer } from "./consumer.ts";
import { startThreadDeletion } from "./delete-threads.ts";
import { startForgetting } from "./forget.ts";
import { serveHealth } from "./health-server.ts";
import { Leases } from "./leases.ts";
import { loadProviders } from "./providers/registry.ts";
import { startReconciler } from "./reconcile.ts";
import { TakeOvers } from "./take-overs.ts";
import type { WorkerContext } from "./worker-context.ts";
import { WorkerMetrics } from "./worker-metrics.ts";

/** After a SIGTERM, replies under way may end within this; the rest is given back. */
const drainMs = 7000;

/** Jobs in, provider called, reply out. */
export async function startWorker(
  config: Config,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<void> {
  const assistants = await readAssistants(assistantsPath);
  const tracing = await openTracing(config, { service: "worker", log, lifecycle });
  const prices = await readPrices(pricesPath);
  checkBudgets(assistants, prices, config);
  for (const advice of providerAdvice(config)) log.warn(advice);
  const providers = await loadProviders(config);
  const { backend, ...jobs } = await openJobContext(config, { log, lifecycle });
  const takeOvers = new TakeOvers();
  const circuits = new Circuits(log);
  lifecycle.onClose("circuits", () => circuits.close());
  const leases = new Leases({ pool: jobs.db.pool, takeOvers, log });
  const upstreams = [...providers.values()].filter(({ upstream }) => upstream !== undefined).map(({ name }) => name);
  const metrics = new WorkerMetrics({
    pool: jobs.db.pool,
    leases,
    circuits,
    concurrency: config.WORKER_CONCURRENCY,
    upstreams,
  });
  lifecycle.onClose("metrics", () => metrics.close());
  const context: WorkerContext = {
    ...jobs,
    config,
    worker: `${hostname()}:${process.pid}`,
    assistants,
    providers,
    prices,
    circuits,
    complaints: new Complaints(),
    leases,
    takeOvers,
    metrics,
    tracing,
  };

  const stopListening = await context.live.listenForCancels((jobId) => void leases.hearCancel(jobId));
  lifecycle.onClose("cancels", stopListening);
  lifecycle.onClose("provider reports", await reportProviders(context));
  lifecycle.onClose("circuit reports", reportCircuits(context));
  lifecycle.onClose("reconciler", startReconciler(context));
  lifecycle.onClose("thread deletion", startThreadDeletion(context));
  lifecycle.onClose("forgetting", startForgetting(context));
  const consumer = await startConsumer(context, backend);
  lifecycle.onClose("consumer", () => consumer.close(drainMs));
  if (config.WORKER_PORT !== undefined) {
    lifecycle.onClose("health server", await serveHealth(context, config.WORKER_PORT, () => consumer.takesJobs));
  }
  log.info({ providers: [...providers.keys()], concurrency: config.WORKER_CONCURRENCY }, "worker is ready");
}
