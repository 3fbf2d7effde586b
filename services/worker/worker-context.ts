import type { ClaimsSeal } from "../../shared/actions/claims-seal.ts";
import type { Assistants } from "../../shared/assistants/assistants.ts";
import type { Config } from "../../shared/config/config.ts";
import type { JobContext } from "../../shared/jobs/job-context.ts";
import type { Prices } from "../../shared/assistants/prices.ts";
import type { SiteToolClient } from "../../shared/site-tools/tool-outcome.ts";
import type { Tracing } from "../../shared/tracing/tracing.ts";
import type { Circuits } from "./providers/circuits.ts";
import type { ProviderErrorLog } from "./telemetry/provider-error-log.ts";
import type { KnowledgeLoader } from "./knowledge/find-site-answer.ts";
import type { Leases } from "./run/leases.ts";
import type { ProviderRegistry } from "./providers/registry.ts";
import type { ReclaimGuard } from "./run/reclaim-guard.ts";
import type { WorkerMetrics } from "./telemetry/worker-metrics.ts";

export interface WorkerContext extends JobContext {
  config: Config;
  /** Host name and process id, for records that operators read. */
  worker: string;
  /** As the file has them now: read once for each reply. */
  readonly assistants: Assistants;
  providers: ProviderRegistry;
  readonly prices: Prices;
  circuits: Circuits;
  providerErrorLog: ProviderErrorLog;
  knowledge: KnowledgeLoader;
  siteTools: SiteToolClient;
  /** Opens what came of a visitor's identity; its key is read at the first use. */
  claimsSeal: () => Promise<ClaimsSeal>;
  leases: Leases;
  reclaimGuard: ReclaimGuard;
  metrics: WorkerMetrics;
  tracing: Tracing;
}
