import type { Express } from "express";
import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import { Server as NetServer } from "node:net";
import { promisify } from "node:util";
import type { Pool } from "pg";
import { ClaimsSeal } from "../../shared/actions/claims-seal.ts";
import { AssistantsFile } from "../../shared/assistants/assistants-file.ts";
import { cachedFor } from "../../shared/async/cached-for.ts";
import type { Config } from "../../shared/config/config.ts";
import { createDatabaseClock } from "../../shared/db/clock.ts";
import { readSecretsKey } from "../../shared/db/secrets-key.ts";
import { readOrMakeSetting } from "../../shared/db/settings.ts";
import { openJobContext } from "../../shared/jobs/open-job-context.ts";
import type { Lifecycle } from "../../shared/process/lifecycle.ts";
import { EventTail } from "../../shared/events/event-tail.ts";
import { AllowedTools } from "../../shared/mcp/allowed-tools.ts";
import { listen } from "../../shared/process/listen.ts";
import type { Logger } from "../../shared/logger.ts";
import { describeProviders } from "../../shared/assistants/provider-catalog.ts";
import { openTracing } from "../../shared/tracing/open-tracing.ts";
import { Accounts } from "./accounts/accounts.ts";
import type { ApiContext } from "./api-context.ts";
import { ApiMetrics } from "./telemetry/api-metrics.ts";
import { createAdminApp, createApp } from "./app.ts";
import { Backlog } from "./submit/backlog.ts";
import { createChallenge } from "./submit/challenge.ts";
import { InboxFeed } from "./desk/inbox-feed.ts";
import { NewestPages } from "./history/newest-pages.ts";
import { HealthReport } from "./telemetry/health-report.ts";
import { createHttpServer } from "./http-server.ts";
import { createIdentities } from "./access/identity.ts";
import { Connections } from "./limits/connections.ts";
import { KnownProviders } from "./submit/known-providers.ts";
import { LoginThrottle } from "./limits/login-throttle.ts";
import { OpenRequests } from "./limits/open-requests.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { reportProcess } from "../../shared/process/report-process.ts";
import { openRateLimits } from "./limits/rate-limits.ts";
import { OperatorAccess } from "./access/operator-access.ts";
import { Operators } from "./access/operators.ts";
import type { Secrets } from "./access/signed-claims.ts";
import { EventStreams } from "./follow/sse.ts";
import { compareTokenSecrets } from "./access/token-fingerprint.ts";
import { TypicalReplies } from "./telemetry/typical-replies.ts";
import { createTokens } from "./access/tokens.ts";
import { TypingHints } from "./follow/typing-hints.ts";
import { WaitingPlaces } from "./follow/waiting-places.ts";
import { JobWatch } from "./follow/watch-job.ts";
import { HandlingView } from "./voices/handling-view.ts";
import { BundleFiles } from "./files/bundle-files.ts";
import { apiDrainMs } from "../../shared/tunables.ts";

/**
 * Listen backlog; the kernel may have a lower limit. A process busy with thousands of streams accepts one connection
 * per event-loop turn. Node's default backlog of 511 overflowed within 2 s of a rush, and many of the overflowing
 * connections are reset.
 */
const listenBacklog = 4096;

interface Parts {
  log: Logger;
  lifecycle: Lifecycle;
}

/** Runs the API until `lifecycle` closes it: requests create jobs, and events report them. */
export async function startApi(config: Config, { log, lifecycle }: Parts): Promise<void> {
  const context = await openApiContext(config, { log, lifecycle });
  const { health, streams, watch } = context;
  const app = createApp(context);
  const connections = openConnections(config, { app, metrics: context.metrics, log });
  const server = createHttpServer(app, log, { connections });
  const stopOperators = await serveOperators(context);
  await listen(server, { setting: "PORT", port: config.PORT, backlog: listenBacklog });
  lifecycle.onClose("http server", async () => {
    health.drain();
    const stopped = Promise.all([stop(server, connections), stopOperators()]);
    streams.close();
    watch.endWaits();
    await stopped;
  });
  context.widget.prepare();
  // Read health once, so that a refusing store is logged at the start even if health is never requested.
  health.read().catch((error: unknown) => log.debug({ err: error }, "could not check the stores"));
  log.info(`API listening on http://localhost:${config.PORT}`);
}

/**
 * Serves `/admin`, `/api/operator` and `/metrics` on `ADMIN_PORT`, if it is set. It starts before the main server, so that a taken port
 * fails the start.
 * @returns a function that stops that server
 */
async function serveOperators(context: ApiContext): Promise<() => Promise<void>> {
  const { config, metrics, log } = context;
  if (config.ADMIN_PORT === undefined) return () => Promise.resolve();
  const app = createAdminApp(context);
  const connections = openConnections(config, { app, metrics, log });
  const server = createHttpServer(app, log, { connections });
  await listen(server, { setting: "ADMIN_PORT", port: config.ADMIN_PORT });
  log.info(`operators' pages and metrics are on http://localhost:${config.ADMIN_PORT}`);
  return () => stop(server, connections);
}

/** Answers requests in flight or on their way, then closes all connections. Slow ones are cut. */
async function stop(server: Server, connections: Connections): Promise<void> {
  // The HTTP server's own `close` would cut idle connections at once, and with them requests on their way.
  const closed = promisify(NetServer.prototype.close.bind(server))();
  connections.drain();
  const cut = setTimeout(() => server.closeAllConnections(), apiDrainMs);
  await closed.finally(() => clearTimeout(cut));
}

/**
 * Limits the connections per client address: an address gets as many for other requests as it may keep streams open.
 */
function openConnections(
  config: Config,
  { app, metrics, log }: { app: Express; metrics: ApiMetrics; log: Logger },
): Connections {
  // Express compiles it from TRUST_PROXY. Hop 0 is the peer itself, not one hop behind it.
  const trusts = app.get("trust proxy fn") as (address: string, hop: number) => boolean;
  const maxPerClient = config.MAX_CONNECTIONS_PER_ADDRESS ?? Math.max(200, 2 * config.RATE_LIMIT_MAX_STREAMS);
  return new Connections({
    maxPerClient,
    isProxy: (address) => trusts(address, 0),
    onCut: (reason) => metrics.connectionCut(reason),
    log,
  });
}

/** Opens everything the application depends on; `lifecycle` closes it. */
export async function openApiContext(config: Config, { log, lifecycle }: Parts): Promise<ApiContext> {
  const own = describeProviders(config);
  let providers: KnownProviders | undefined;
  // Only workers have keys. With their reports, an API refuses the same changed files as they do.
  const file = await AssistantsFile.open({ providers: () => providers?.read() ?? own, config, log });
  lifecycle.onClose("assistants", file.watch());
  const tracing = await openTracing(config, { service: "api", log, lifecycle });
  const { backend: _, ...jobs } = await openJobContext(config, { log, lifecycle });
  const allowedTools = await AllowedTools.open(file, { pool: jobs.db.pool, log, lifecycle });
  const secrets: Secrets = config.TOKEN_SECRET ?? [await readOrMakeSetting(jobs.db.pool, "token-secret", makeSecret)];
  const limits = await openRateLimits(config, { siteId: defaultSite, log, lifecycle });
  await compareTokenSecrets(jobs.db.pool, secrets, log);
  providers = new KnownProviders({ pool: jobs.db.pool, own, log });
  const health = new HealthReport({ ...jobs, providers });
  const streams = new EventStreams();
  const watch = new JobWatch({ pool: jobs.db.pool, live: jobs.live, log });
  const events = new EventTail({ pool: jobs.db.pool, log });
  lifecycle.onClose("events", () => events.close());
  const access = await openOperatorAccess(config, { pool: jobs.db.pool, limits, streams, log });
  const handling = new HandlingView({ pool: jobs.db.pool, siteId: defaultSite, hours: () => file.hours });
  const places = new WaitingPlaces({ pool: jobs.db.pool, siteId: defaultSite, handling, log });
  lifecycle.onClose("places", () => places.close());
  const metrics = new ApiMetrics({ config, pool: jobs.db.pool, health, streams });
  lifecycle.onClose("metrics", () => metrics.close());
  lifecycle.onClose("process reports", await reportProcess(jobs.db.pool, "api", log));
  return {
    ...jobs,
    config,
    get assistants() {
      return allowedTools.assistants;
    },
    allowedTools,
    tokens: createTokens(secrets),
    siteId: defaultSite,
    identities: await openIdentities(config, jobs.db.pool),
    challenge: createChallenge(config, log),
    limits,
    openRequests: new OpenRequests(config.RATE_LIMIT_MAX_STREAMS),
    ...access,
    providers,
    typicalReplies: new TypicalReplies({ pool: jobs.db.pool, log }),
    watch,
    streams,
    events,
    ...(await openFeeds(jobs, { events, lifecycle })),
    newestPages: createNewestPages(config, { ...jobs, metrics }),
    handling,
    places,
    knowledge: openKnowledge(config, { pool: jobs.db.pool, log }),
    backlog: new Backlog(jobs.db.pool, config.MAX_BACKLOG),
    health,
    metrics,
    tracing,
    ...openBundles(config, log),
  };
}

async function openIdentities({ IDENTITY_SECRET: secrets }: Config, pool: Pool): Promise<ApiContext["identities"]> {
  const visitorKey = await readOrMakeSetting(pool, "visitor-key", makeSecret);
  return createIdentities({ siteId: defaultSite, secrets, visitorKey, clock: createDatabaseClock(pool) });
}

/** The search of the knowledge, whose analysis of texts is loaded by the first operator who searches. */
function openKnowledge(config: Config, { pool, log }: { pool: Pool; log: Logger }): ApiContext["knowledge"] {
  return cachedFor(Number.POSITIVE_INFINITY, async () => {
    const { openKnowledgeSearch } = await import("../../shared/knowledge/retrieval/open-knowledge-search.ts");
    return openKnowledgeSearch(pool, config, log);
  });
}

function createNewestPages(
  config: Config,
  { db, historyCache, metrics, log }: Pick<ApiContext, "db" | "historyCache" | "metrics" | "log">,
): NewestPages {
  return new NewestPages({
    db,
    cache: historyCache,
    ttlSeconds: config.REDIS_URL === undefined ? 0 : config.HISTORY_CACHE_TTL_SECONDS,
    onRead: (result) => metrics.historyRead(result),
    log,
  });
}

async function openOperatorAccess(
  config: Config,
  parts: Pick<ApiContext, "limits" | "streams" | "log"> & { pool: Pool },
): Promise<
  Pick<ApiContext, "accounts" | "claimsSeal" | "loginThrottle" | "operators" | "operatorAccess" | "operatorStreams">
> {
  const loginThrottle = new LoginThrottle(parts.limits.failedLogins);
  const operators = new Operators({ config, loginThrottle, log: parts.log });
  const common = { ...parts, siteId: defaultSite, operators, loginThrottle };
  const secret = await readSecretsKey(parts.pool, config);
  const accountThrottle = new LoginThrottle(parts.limits.failedSignIns);
  const accounts = new Accounts({ ...common, secret, accountThrottle, usedCodes: parts.limits.usedCodes });
  const operatorAccess = new OperatorAccess({ ...common, sessions: accounts.sessions });
  // Several consoles may use one account or key.
  const operatorStreams = new OpenRequests(10 * config.RATE_LIMIT_MAX_STREAMS);
  return { accounts, claimsSeal: new ClaimsSeal(secret), loginThrottle, operators, operatorAccess, operatorStreams };
}

async function openFeeds(
  { db: { pool }, live, log }: Pick<ApiContext, "db" | "live" | "log">,
  { events, lifecycle }: { events: EventTail; lifecycle: Lifecycle },
): Promise<Pick<ApiContext, "inboxFeed" | "typing">> {
  const typing = new TypingHints({ live, log });
  lifecycle.onClose("typing", await live.listenForTyping((hint) => typing.hear(hint)));
  const mark = await readOrMakeSetting(pool, "log-mark", () => randomBytes(4).toString("hex"));
  return { typing, inboxFeed: new InboxFeed({ pool, siteId: defaultSite, events, typing, mark }) };
}

function openBundles({ NODE_ENV }: Config, log: Logger): Pick<ApiContext, "console" | "widget"> {
  const common = { log, watch: NODE_ENV !== "production" };
  return {
    console: new BundleFiles({ bundle: "console", ...common }),
    widget: new BundleFiles({ bundle: "widget", ...common }),
  };
}

function makeSecret(): string {
  return randomBytes(32).toString("base64url");
}
