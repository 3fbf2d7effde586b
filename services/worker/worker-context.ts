import type { Assistants } from "../../shared/assistants.ts";
import type { Config } from "../../shared/config.ts";
import type { JobContext } from "../../shared/jobs/job-context.ts";
import type { Leases } from "./leases.ts";
import type { ProviderRegistry } from "./providers/registry.ts";
import type { TakeOvers } from "./take-overs.ts";

export interface WorkerContext extends JobContext {
  config: Config;
  assistants: Assistants;
  providers: ProviderRegistry;
  leases: Leases;
  takeOvers: TakeOvers;
}
