import type { Assistants } from "../../shared/assistants.ts";
import type { Config } from "../../shared/config.ts";
import type { JobContext } from "../../shared/jobs/job-context.ts";
import type { Backlog } from "./backlog.ts";
import type { EventStreams } from "./sse.ts";
import type { HealthReport } from "./health-report.ts";
import type { Tokens } from "./tokens.ts";
import type { JobWatch } from "./watch-job.ts";

export interface ApiContext extends JobContext {
  config: Config;
  assistants: Assistants;
  tokens: Tokens;
  watch: JobWatch;
  streams: EventStreams;
  backlog: Backlog;
  health: HealthReport;
}
