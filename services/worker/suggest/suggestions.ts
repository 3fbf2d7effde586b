import { repeat } from "../../../shared/async/repeat.ts";
import {
  claimSuggestion,
  type ClaimedSuggestion,
  endSuggestion,
  type SuggestionEnd,
} from "../../../shared/db/desk/suggestions.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { Citation } from "../../../shared/db/replies/citations.ts";
import type { ReplySourceView } from "../../../shared/protocol/knowledge/reply-source.ts";
import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import { BudgetExceeded } from "../money/describe-fault.ts";
import { findReply } from "../run/find-reply.ts";
import { Stopped } from "../run/leases.ts";
import { DeadlinePassed } from "../run/time-slice.ts";
import { untilStored } from "../run/until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";
import { SuggestedText } from "./suggested-text.ts";
import { ToolSession } from "../tools/tool-session.ts";

/** An operator waits for seconds anyhow, and a look at an empty table costs next to nothing. */
const lookEveryMs = 1000;
/** Suggestions that a worker writes at once, apart from its replies. */
const maxAtOnce = 4;
/** Time that is kept for storing one. */
const storeMs = 5000;

/**
 * Writes the suggestions that operators ask for. They are rows that workers look for, and no entries of the queue: that
 * delivers what must be answered, whatever dies, while a suggestion is worth one try of one worker.
 * @returns a function that stops it; those under way are given up, and their operators told so
 */
export function startSuggestions(context: WorkerContext): () => Promise<void> {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const stop = repeat(lookEveryMs, async () => {
    if (running.size >= maxAtOnce) return;
    const claimed = await claimSuggestion(context.db.pool).catch((error: unknown) =>
      context.log.debug({ err: error }, "could not look for suggestions"),
    );
    if (!claimed) return;
    const writing = writeSuggestion(context, claimed, stopping.signal).finally(() => running.delete(writing));
    running.add(writing);
  });
  return async () => {
    await stop();
    stopping.abort(new Stopped("released"));
    await Promise.all(running);
  };
}

/** Writes one. It never throws: an operator who is told nothing asks again after a minute. */
export async function writeSuggestion(
  context: WorkerContext,
  claimed: ClaimedSuggestion,
  signal: AbortSignal,
): Promise<void> {
  const { id, conversationId, leftMs } = claimed;
  const log = context.log.child({ suggestionId: id, conversationId });
  using limited = new LinkedAbort(signal);
  limited.abortAfter(Math.max(0, leftMs - storeMs), () => new DeadlinePassed("the suggestion has had its time"));
  const end = await findText({ ...context, log }, claimed, limited.signal);
  log.info({ errorCode: end.errorCode }, "suggestion ended");
  const { reclaimGuard } = context;
  await untilStored(() => endSuggestion(context.db.pool, id, end), { reclaimGuard, log }).catch((error: unknown) =>
    log.error({ err: error }, "could not store a suggestion"),
  );
}

async function findText(
  context: WorkerContext,
  claimed: ClaimedSuggestion,
  signal: AbortSignal,
): Promise<SuggestionEnd> {
  const { log, tracing } = context;
  const draft = new SuggestedText();
  const span = tracing.start("suggest reply", { attributes: { "parley.suggestion.id": claimed.id } });
  try {
    const report = { log, span, skipped: () => undefined };
    const run = { job: asJob(claimed), draft, report, tools: new ToolSession([]), forOperator: true };
    const { call } = await findReply({ context, run, signal });
    return { text: draft.text, sources: draft.sources.map(toView), call };
  } catch (error) {
    log.warn({ err: error }, "no provider could suggest a reply");
    span.fail("failed");
    if (error instanceof Stopped) return { errorCode: "lost" };
    return { errorCode: error instanceof BudgetExceeded ? "budget" : "unavailable" };
  } finally {
    span.end();
  }
}

/** A suggestion in the form in which replies are found. No thread of a provider hears of it. */
function asJob(claimed: ClaimedSuggestion): ClaimedJob {
  const none = { messageId: claimed.id, run: 1, attempt: 1, turn: 0, previousTurn: 0, ageMs: 0, sinceAcceptedMs: 0 };
  return { ...none, ...claimed, requestId: null, trace: null, thread: null, actionId: null, claims: null };
}

function toView({ n, title, url, quote, begins, ends }: Citation): ReplySourceView {
  return { n, title, url, quote, start: begins, end: ends };
}
