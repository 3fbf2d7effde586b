import { readCard } from "../../../../shared/db/actions/cards.ts";
import type { MessageStep } from "../../../../shared/db/conversations/ui-messages.ts";
import { readJob } from "../../../../shared/db/jobs/read-job.ts";
import type { JobEvent } from "../../../../shared/protocol/events.ts";
import type { JobView } from "../../../../shared/protocol/job.ts";
import type { ApiContext } from "../../api-context.ts";
import { followJob } from "../../follow/follow-job.ts";
import { outcomeChunks, proposalChunks } from "./action-chunks.ts";
import type { UiChunk } from "./ui-chunk.ts";

export type StepContext = Pick<ApiContext, "db" | "watch" | "log">;

/** Name of the text within a step: each has one at most. */
const textId = "text";
/** A source without an address is a text that the site has given. */
const plainText = "text/plain";

/**
 * Yields a job as one step of a message, until the job has ended.
 * @param signal ends it before: the client is gone
 * @returns the ended job; `undefined` if it was left
 */
export async function* stepChunks(
  context: StepContext,
  { id, actionId }: MessageStep,
  signal: AbortSignal,
): AsyncGenerator<UiChunk, JobView | undefined> {
  const { pool } = context.db;
  // Open the watcher before the row is read, so that no change falls in between.
  const watcher = await context.watch.open(id, signal);
  const row = await readJob(pool, id);
  if (!row) return undefined;
  const text = new StepText();
  yield { type: "start-step" };
  for await (const event of followJob(context, { watcher, row })) {
    yield* text.pass(event);
    if (event.event !== "done" && event.event !== "failed" && event.event !== "cancelled") continue;
    const action = actionId === null ? undefined : await readCard(pool, actionId);
    if (action?.card) yield* outcomeChunks(action.card);
    for (const card of event.data.actions ?? []) yield* proposalChunks(card);
    yield { type: "finish-step" };
    return event.data;
  }
  return undefined;
}

/** The text and sources of a step, as one client has them. */
class StepText {
  #isOpen = false;
  readonly #cited = new Set<string>();

  *pass(event: JobEvent): Generator<UiChunk> {
    switch (event.event) {
      case "delta":
        if (!this.#isOpen) yield { type: "text-start", id: textId };
        this.#isOpen = true;
        yield { type: "text-delta", id: textId, delta: event.data.text };
        return;
      case "reset":
        // Drops all that the client shows of the step, sources too.
        yield { type: "reset-step" };
        this.#isOpen = false;
        this.#cited.clear();
        return;
      case "source":
        yield* this.#cite(event.data);
        return;
      case "done":
      case "failed":
      case "cancelled":
        if (this.#isOpen) yield { type: "text-end", id: textId };
        for (const source of event.data.reply?.sources ?? []) if (!source.removed) yield* this.#cite(source);
        return;
      case "status":
      case "wait":
    }
  }

  *#cite({ n, title, url }: { n: number; title: string; url: string }): Generator<UiChunk> {
    const sourceId = String(n);
    // A reply may cite a passage several times.
    if (this.#cited.has(sourceId)) return;
    this.#cited.add(sourceId);
    if (url !== "") yield { type: "source-url", sourceId, url, title };
    else yield { type: "source-document", sourceId, mediaType: plainText, title };
  }
}
