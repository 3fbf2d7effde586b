import type { Assistants } from "../../shared/assistants.ts";
import type { Config } from "../../shared/config.ts";
import type { JobContext } from "../../shared/jobs/job-context.ts";
import type { Tracing } from "../../shared/tracing/tracing.ts";
import type { ApiMetrics } from "./api-metrics.ts";
import type { Backlog } from "./backlog.ts";
import type { Challenge } from "./challenge.ts";
import type { Identities } from "./identity.ts";
import type { Guesses } from "./limits/guesses.ts";
import type { OpenRequests } from "./limits/open-requests.ts";
import type { RateLimits } from "./limits/rate-limits.ts";
import type { Operators } from "./middleware/operators.ts";
import type { EventStreams } from "./sse.ts";
import type { HealthReport } from "./health-report.ts";
import type { KnownProviders } from "./known-providers.ts";
import type { Tokens } from "./tokens.ts";
import type { JobWatch } from "./watch-job.ts";
import type { WidgetFiles } from "./widget-files.ts";

export interface ApiContext extends JobContext {
  config: Config;
  assistants: Assistants;
  tokens: Tokens;
  identities: Identities;
  /** Absent where none is asked for. */
  challenge: Challenge | undefined;
  limits: RateLimits;
  openRequests: OpenRequests;
  /** At credentials of operators, and at the metrics token. */
  guesses: Guesses;
  /** What the workers have. */
  providers: KnownProviders;
  operators: Operators;
  watch: JobWatch;
  streams: EventStreams;
  backlog: Backlog;
  health: HealthReport;
  metrics: ApiMetrics;
  tracing: Tracing;
  widget: WidgetFiles;
}
