/**
 * Policy numbers on which several places depend, or which depend on each other. A number of one algorithm alone stays
 * beside it. `tunables.test.ts` states what must hold between them. All times are in milliseconds unless the name says
 * otherwise; SQL takes them through `interval`.
 */

const second = 1000;
const hour = 3600 * second;

// ---------------------------------------------------------------------------------------------------------------------
// Leases: how long a worker may be silent.

/** Interval at which a worker renews the leases of its jobs and reads whether they are still its own. */
export const renewEveryMs = 1 * second;
/** Lease of a worker on a job, by the database's clock. Short enough for a visitor to wait for another worker. */
export const leaseMs = 15 * second;
/** Remaining lease below which it is renewed before a provider is called. */
export const staleLeaseMs = leaseMs / 3;
/** Maximum outage that costs no worker a lease: live workers have two thirds of theirs left. */
export const shortOutageMs = leaseMs / 3;
/** @alias Pause of reclaims after a longer outage: one lease, in which the others renew theirs. */
export const reclaimPauseMs = leaseMs;
/** Runs that killed their worker, after which the job ends as failed: it would kill the next worker too. */
export const maxCrashes = 3;

// ---------------------------------------------------------------------------------------------------------------------
// Delivery: when a job is delivered again.

/** BullMQ's lock on an entry, and the interval at which it looks for entries whose lock expired. */
export const queueLockMs = 10 * second;
export const queueStalledEveryMs = leaseMs - queueLockMs;
/**
 * Time that a queued job is left to its delivery before the reconciler sees it. Most take under a second; BullMQ delivers
 * a dead worker's entries again within this.
 */
export const dueAfterMs = queueLockMs + queueStalledEveryMs;
/**
 * Time after the end of a lease at which an entry counts as held back. BullMQ delivers a dead worker's entries within a
 * lease. The cause is a worker that is cut off from PostgreSQL alone, or the clock of a worker that died.
 */
export const heldBackMs = 5 * second;
/** Pause between two rounds of the reconciler. */
export const reconcileEveryMs = 1 * second;
/** Low-priority steps of the reconciler run every nth round. */
export const slowRounds = 15;
/** Retention of ended entries in the queue, for an operator to look at; the rows are the source of truth. */
export const completedEntryMs = 600 * second;
export const failedEntryMs = 24 * hour;

// ---------------------------------------------------------------------------------------------------------------------
// Reports of workers to the APIs.

export const circuitReportEveryMs = 5 * second;
/** Three missing reports: the worker is gone. */
export const staleCircuitReportMs = 3 * circuitReportEveryMs;
export const processReportEveryMs = 10 * second;
export const staleProcessReportMs = 3 * processReportEveryMs;
export const providerReportEveryMs = 30 * second;
export const staleProviderReportMs = 3 * providerReportEveryMs;

// ---------------------------------------------------------------------------------------------------------------------
// Files of config/.

/** Interval at which a process looks at them; a change is used at the second look that finds it. */
export const assistantsReloadMs = 1 * second;

// ---------------------------------------------------------------------------------------------------------------------
// Stores: after which silence they count as down.

/** Timeout of a connection: a request that needs one is answered at once when PostgreSQL is down. */
export const databaseConnectMs = 1500;
/** Timeout of a statement. None of ours takes long; one that does has hit a frozen server. */
export const databaseQueryMs = 3 * second;
/** Timeout of a call to the live store. A slower store counts as down: the work continues without it. */
export const liveTimeoutMs = 250;
/** A connection that owes an answer for this long is dead, even if the network reports nothing. */
export const silentConnectionMs = 2 * second;
/** Interval of probes of a connection that only listens. */
export const probeConnectionEveryMs = 5 * second;

// ---------------------------------------------------------------------------------------------------------------------
// Providers: how long they may think and be silent.

/** Two lost SYNs are sent again after 1 s and 3 s, and TLS adds two round trips. */
export const providerConnectMs = 5 * second;
/**
 * Until the first text, from the start of the call, connecting included. Thinking models were recorded to take 30 s to
 * their first word. Some servers hold back even the head of their answer until then.
 */
export const firstTextMs = 90 * second;
/** Between two signs of life. A provider that streams pauses for a second or two; a longer silence is a stall. */
export const providerSilenceMs = 20 * second;
/** Reserve of each other provider: enough for a whole reply, or for the first words of a slow one. */
export const turnReserveMs = 20 * second;
/** Minimum turn of the first provider. Under a short deadline the others get less, so that it can connect and begin. */
export const minimumTurnMs = 5 * second;
/**
 * Wait after the finish reason of a reply. `whole`: at best, usage follows. `early`: more of the reply follows, since the
 * finish reason was sent with every chunk or with the first; long enough for the pauses of a healthy stream. `done`: only
 * the end of the body follows the end mark, and the connection cannot be reused without it.
 */
export const replyTailMs = { whole: 1 * second, early: 5 * second, done: 100 };
/** Default of `JOB_DEADLINE_MS`. */
export const jobDeadlineMs = 120 * second;

// ---------------------------------------------------------------------------------------------------------------------
// Streams to clients.

/** Interval of comments on a quiet stream, below the idle timeouts of common proxies. */
export const heartbeatMs = 15 * second;
/** Shortest idle timeout of common proxies between two bytes of an answer: nginx, HAProxy, load balancers of clouds. */
export const proxyIdleMs = 60 * second;
/** Longest `Prefer: wait`. Common proxies turn a request that is silent for 30 to 60 s into a 504. */
export const maxWaitSeconds = 25;
/** Maximum time of a connection without a byte sent or read: the client does not read its answer. */
export const inactivityMs = 120 * second;
/** Idle time of a connection: longer than proxies keep one, so that none sends a request into a connection just closed. */
export const keepAliveMs = proxyIdleMs + 5 * second;
/** Interval at which the rows of silent followers are read. */
export const watchEveryMs = 1 * second;
/** A follower without a hint for this long may have missed one. */
export const silentFollowerMs = 2 * watchEveryMs;

// ---------------------------------------------------------------------------------------------------------------------
// People.

/** Time for which an operator counts as online after a heartbeat: a browser wakes a hidden page once a minute. */
export const presenceMs = 150 * second;
/** An operator counts as looking at a conversation for so long: a console says it again after 10 s. */
export const lookMs = 25 * second;
/** A session ends after so long without a request, and at the latest after the second; all by the database's clock. */
export const sessionIdleMs = 12 * hour;
export const sessionMaxMs = 7 * 24 * hour;
/** Precision of the former: a session's use is noted at most so often. */
export const sessionTouchMs = 300 * second;
/** Time for the second factor after a password. */
export const pendingFactorMs = 600 * second;
/** Lifetimes of links that open an account once. */
export const invitationMs = 3 * 24 * hour;
export const resetLinkMs = 24 * hour;
export const signInLinkMs = 1 * hour;
/** Pause between two looks at who waits for a person, for those of them who look. */
export const placesEveryMs = 5 * second;
/** Time in which an operator writes the first words, before the conversation goes back to the queue. */
export const firstWordsMs = 120 * second;
/** Time after the end of a stretch with a person in which the visitor is asked how it went. */
export const ratingAskedMs = 7 * 24 * hour;
/** Returns to the queue, and time of waiting, after which a visitor is told that nobody has come. */
export const maxReturns = 3;
export const overdueMs = 600 * second;
/** Time of waiting after which the AI has the conversation again. */
export const abandonedMs = 24 * hour;
/** Time without a message after which a person's part of a conversation is over. */
export const silenceMs = 12 * hour;
/** Time between the look at a conversation and the commit of its take-over, by the database's clock. */
export const takeDeadlineMs = 10 * second;
/** Time for which a seal stops a draft, if nothing ends it sooner: longer than a take-over may last. */
export const sealMs = 15 * second;
/** Time after a take-over without the draft store in which the worker may hand in what the store had acknowledged. */
export const handInMs = 15 * second;

/** Time from asking for a suggestion until it counts as lost with its worker. */
export const suggestionMs = 60 * second;
/** Retention of suggestions, whose operators have them in their boxes. */
export const keptSuggestionMs = 900 * second;

// ---------------------------------------------------------------------------------------------------------------------
// Mail.

/** Time for which a visitor waits before operators are told, while nobody looks. */
export const mailOperatorsAfterMs = 120 * second;
/** Time from an operator's message until the visitor is told: further messages join, and a visitor who is there may answer. */
export const mailAnswerAfterMs = 60 * second;
/** Age up to which a cause is looked for: a longer outage of all workers is no reason to tell of it any more. */
export const mailCauseMs = 3 * 24 * hour;
/** Limit for sending a mail, from the connection to the server's last word. */
export const sendMailMs = 120 * second;
/** Lease of a sender on a mail, by the database's clock. */
export const mailLeaseMs = 300 * second;
/** Age at which a mail that no server took is given up; RFC 5321, section 4.5.4.1, asks for four to five days. */
export const mailExpiryMs = 5 * 24 * hour;

// ---------------------------------------------------------------------------------------------------------------------
// Retention.

/** Lifetime of an idempotency key. */
export const keyLifeHours = 24;
/** Time for which a visitor may answer a card, in hours. */
export const actionLifeHours = 24;
/** Longest time limit that a tool may have for a call. */
const longestToolMs = 30 * second;
/** Time beyond the limit of a call for which an endpoint is asked whether an action was done. */
export const askStatusMs = 60 * second;
/**
 * Time after which nobody can still be waiting for the outcome of an action: the longest call, the time to ask, and one
 * more lease of who waits.
 */
export const strandedActionMs = longestToolMs + askStatusMs + 2 * leaseMs;
/** Cards that may wait in one conversation. */
export const maxWaitingActions = 3;
/** Lifetime of a conversation's token. */
export const tokenDays = 30;
/** Lifetime of a tombstone: until then a holder of a token learns that the conversation was deleted. */
export const tombstoneDays = tokenDays + 1;
/** Time for which events are kept, and a cursor can be honoured. Shorter than that of tombstones. */
export const eventDays = 7;
/** Delay of an erasure: every worker has then read that it no longer holds the jobs, and writes no more drafts. */
export const eraseAfterMs = 2 * renewEveryMs;
/** Age of the ended jobs whose queue entries are erased with a conversation: older entries have expired. */
export const erasedEntryMs = failedEntryMs + 1 * hour;
/** Lifetime of a draft without writes. No provider may be silent for nearly as long once it has begun. */
export const draftTtlSeconds = 90;
/** Promise: after this, no draft of a deleted conversation is left, even if its worker died. */
export const erasureLimitMs = 120 * second;

// ---------------------------------------------------------------------------------------------------------------------
// Shutdown, after a SIGTERM.

/** Requests in flight finish well within this; slower clients are cut. */
export const apiDrainMs = 5 * second;
/** Replies in flight may end within this; the rest is released. */
export const workerDrainMs = 7 * second;
/** Close timeout of the queue, which waits for its store without limit. Entries left are delivered again. */
export const queueCloseMs = 3 * second;
/** Close timeout of the export of traces: the collector may not answer. */
export const tracingCloseMs = 2 * second;
/** Time that `npm start` gives a part to end. */
export const partEndMs = 15 * second;
/** Fast shutdown of the embedded PostgreSQL, which ends all sessions and writes a checkpoint. */
export const postgresFastShutdownMs = 10 * second;
/** Immediate shutdown after that, which kills remaining processes after 5 s. */
export const postgresImmediateShutdownMs = 7 * second;
/** Limit for closing all of `npm start`: its parts at once, then PostgreSQL at the very worst. */
export const stackCloseMs = partEndMs + postgresFastShutdownMs + postgresImmediateShutdownMs + 3 * second;
/** Limit for closing everything of a process. */
export const closeDeadlineMs = 25 * second;
/** Time that orchestrators usually grant after a SIGTERM. */
export const orchestratorGraceMs = 30 * second;

/** Formats a duration as a constant of SQL. The text of a prepared statement stays the same. */
export function interval(ms: number): string {
  return `interval '${ms / second} s'`;
}

/** Time that a process waits for PostgreSQL when it starts before it. */
export const databaseWaitMs = 30 * second;

// Knowledge

/** Lease of a process on a look at a source, by the database's clock. */
export const lookLeaseMs = 30 * second;
/** Interval at which the lease is renewed. */
export const renewLookEveryMs = 5 * second;
/** Interval at which sources that are due are put into their queue. */
export const findDueEveryMs = 1 * second;
/** Time for which the ids of removed passages are kept, for indexes in memory that follow the rows. */
export const removalsKeptMs = 24 * hour;
/** Lease of a process on passages whose vectors it asks for: a batch takes less, with its retries. */
export const embeddingLeaseMs = 60 * second;
/** Time without a sign of the processes that are configured with a model, after which another model may take its place. */
export const modelHeldMs = 30 * second;
/** Timeout of a request for the vectors of passages. */
export const embedPassagesMs = 30 * second;
/** Time from the question within which its vectors join a search, the scan included. */
export const similarWithinMs = 150;
/** Age from which vectors without a passage are deleted: the same text often returns with the next version of its page. */
export const vectorGraceMs = 60 * second;
