import { hostname } from "node:os";
import { AssistantsFile } from "../../shared/assistants/assistants-file.ts";
import { type Config, readNamedSecrets } from "../../shared/config/config.ts";
import { openJobContext } from "../../shared/jobs/open-job-context.ts";
import type { Lifecycle } from "../../shared/process/lifecycle.ts";
import type { Logger } from "../../shared/logger.ts";
import { AllowedTools } from "../../shared/mcp/allowed-tools.ts";
import { describeProviders, providerAdvice, type ProviderName } from "../../shared/assistants/provider-catalog.ts";
import { openTracing } from "../../shared/tracing/open-tracing.ts";
import { Circuits } from "./providers/circuits.ts";
import { ProviderErrorLog } from "./telemetry/provider-error-log.ts";
import { reportProcess } from "../../shared/process/report-process.ts";
import { reportProviders } from "./maintenance/report-providers.ts";
import { reportCircuits } from "./maintenance/report-circuits.ts";
import { startConsumer } from "./consumer.ts";
import { startThreadDeletion } from "./maintenance/delete-threads.ts";
import { startRetention } from "./maintenance/retention.ts";
import { serveHealth } from "./telemetry/health-server.ts";
import { KnowledgeLoader } from "./knowledge/find-site-answer.ts";
import { Leases } from "./run/leases.ts";
import { loadProviders, type ProviderRegistry } from "./providers/registry.ts";
import { startMails } from "./mail/start-mails.ts";
import { startToolLists } from "./maintenance/read-tool-lists.ts";
import { startReconciler } from "./maintenance/reconcile.ts";
import { ReclaimGuard } from "./run/reclaim-guard.ts";
import { startSuggestions } from "./suggest/suggestions.ts";
import { lazyClaimsSeal, openTools } from "./tools/open-tools.ts";
import type { WorkerContext } from "./worker-context.ts";
import { WorkerMetrics } from "./telemetry/worker-metrics.ts";
import { workerDrainMs } from "../../shared/tunables.ts";

/** Starts the worker: takes jobs from the queue, calls the providers, stores the replies. */
export async function startWorker(
  config: Config,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<void> {
  const secrets = readNamedSecrets();
  const file = await AssistantsFile.open({ providers: () => describeProviders(config), secrets, config, log });
  lifecycle.onClose("assistants", file.watch());
  const tracing = await openTracing(config, { service: "worker", log, lifecycle });
  for (const advice of providerAdvice(config)) log.warn(advice);
  const providers = await loadProviders(config);
  const { backend, ...jobs } = await openJobContext(config, { log, lifecycle });
  const siteTools = openTools(config, { secrets, pool: jobs.db.pool, log, lifecycle });
  const allowed = await AllowedTools.open(file, { pool: jobs.db.pool, log, lifecycle });
  const reclaimGuard = new ReclaimGuard();
  const circuits = new Circuits(log);
  lifecycle.onClose("circuits", () => circuits.close());
  const leases = new Leases({ pool: jobs.db.pool, reclaimGuard, log });
  const concurrency = config.WORKER_CONCURRENCY;
  const upstreams = upstreamsOf(providers);
  const metrics = new WorkerMetrics({ pool: jobs.db.pool, leases, circuits, concurrency, upstreams });
  lifecycle.onClose("metrics", () => metrics.close());
  const context: WorkerContext = {
    ...jobs,
    config,
    worker: `${hostname()}:${process.pid}`,
    get assistants() {
      return allowed.assistants;
    },
    get prices() {
      return file.prices;
    },
    providers,
    circuits,
    providerErrorLog: new ProviderErrorLog(),
    knowledge: new KnowledgeLoader(jobs.db.pool, config, log, (isOpen) => metrics.embeddingsCircuit(isOpen)),
    siteTools,
    claimsSeal: lazyClaimsSeal(jobs.db.pool, config),
    leases,
    reclaimGuard,
    metrics,
    tracing,
  };

  lifecycle.onClose("cancels", await context.live.listenForCancels((jobId) => void leases.hearCancel(jobId)));
  lifecycle.onClose("process reports", await reportProcess(context.db.pool, "worker", log, config));
  lifecycle.onClose("provider reports", await reportProviders(context));
  lifecycle.onClose("circuit reports", reportCircuits(context));
  lifecycle.onClose("reconciler", startReconciler(context));
  lifecycle.onClose("thread deletion", startThreadDeletion(context));
  lifecycle.onClose("retention", startRetention(context));
  lifecycle.onClose("tool lists", startToolLists(context));
  lifecycle.onClose("mails", await startMails(context));
  lifecycle.onClose("suggestions", startSuggestions(context));
  const consumer = await startConsumer(context, backend);
  lifecycle.onClose("consumer", () => consumer.close(workerDrainMs));
  if (config.WORKER_PORT !== undefined) {
    lifecycle.onClose("health server", await serveHealth(context, config.WORKER_PORT, () => consumer.takesJobs));
  }
  log.info({ providers: [...providers.keys()], concurrency }, "worker is ready");
}

function upstreamsOf(providers: ProviderRegistry): ProviderName[] {
  return [...providers.values()].filter(({ upstream }) => upstream !== undefined).map(({ name }) => name);
}
