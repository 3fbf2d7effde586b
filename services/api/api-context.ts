import type { ClaimsSeal } from "../../shared/actions/claims-seal.ts";
import type { Assistants } from "../../shared/assistants/assistants.ts";
import type { Config } from "../../shared/config/config.ts";
import type { KnowledgeSearch } from "../../shared/knowledge/retrieval/knowledge-search.ts";
import type { EventTail } from "../../shared/events/event-tail.ts";
import type { AllowedTools } from "../../shared/mcp/allowed-tools.ts";
import type { JobContext } from "../../shared/jobs/job-context.ts";
import type { Tracing } from "../../shared/tracing/tracing.ts";
import type { Accounts } from "./accounts/accounts.ts";
import type { ApiMetrics } from "./telemetry/api-metrics.ts";
import type { Backlog } from "./submit/backlog.ts";
import type { Challenge } from "./submit/challenge.ts";
import type { InboxFeed } from "./desk/inbox-feed.ts";
import type { Identities } from "./access/identity.ts";
import type { LoginThrottle } from "./limits/login-throttle.ts";
import type { OpenRequests } from "./limits/open-requests.ts";
import type { RateLimits } from "./limits/rate-limits.ts";
import type { OperatorAccess } from "./access/operator-access.ts";
import type { Operators } from "./access/operators.ts";
import type { NewestPages } from "./history/newest-pages.ts";
import type { EventStreams } from "./follow/sse.ts";
import type { HealthReport } from "./telemetry/health-report.ts";
import type { KnownProviders } from "./submit/known-providers.ts";
import type { TypicalReplies } from "./telemetry/typical-replies.ts";
import type { Tokens } from "./access/tokens.ts";
import type { TypingHints } from "./follow/typing-hints.ts";
import type { WaitingPlaces } from "./follow/waiting-places.ts";
import type { JobWatch } from "./follow/watch-job.ts";
import type { HandlingView } from "./voices/handling-view.ts";
import type { BundleFiles } from "./files/bundle-files.ts";

export interface ApiContext extends JobContext {
  config: Config;
  /** As the file has them now: read for each request. */
  readonly assistants: Assistants;
  /** Tools of MCP servers among them, which may have been turned off a moment ago. */
  allowedTools: Pick<AllowedTools, "refresh">;
  /** The site that all requests are for. */
  readonly siteId: string;
  tokens: Tokens;
  identities: Identities;
  /** Seals what tools take of a visitor's identity, for the worker. */
  claimsSeal: ClaimsSeal;
  /** Absent if no challenge is configured. */
  challenge: Challenge | undefined;
  limits: RateLimits;
  openRequests: OpenRequests;
  /** Open requests of each operator, whatever their addresses. */
  operatorStreams: OpenRequests;
  /** Failed operator credentials and metrics tokens. */
  loginThrottle: LoginThrottle;
  /** Providers reported by the workers. */
  providers: KnownProviders;
  /** How long replies take. */
  typicalReplies: TypicalReplies;
  /** Accounts of the configuration. */
  operators: Operators;
  operatorAccess: OperatorAccess;
  /** Accounts of people: passwords, links and sessions. */
  accounts: Accounts;
  watch: JobWatch;
  streams: EventStreams;
  events: EventTail;
  handling: HandlingView;
  inboxFeed: InboxFeed;
  typing: TypingHints;
  places: WaitingPlaces;
  knowledge: () => Promise<KnowledgeSearch>;
  backlog: Backlog;
  health: HealthReport;
  newestPages: NewestPages;
  metrics: ApiMetrics;
  tracing: Tracing;
  /** Files of the console, built at its first request. */
  console: BundleFiles;
  widget: BundleFiles;
}
