import { readCard } from "../../../../shared/db/actions/cards.ts";
import type { MessageStep } from "../../../../shared/db/conversations/ui-messages.ts";
import { readJob } from "../../../../shared/db/jobs/read-job.ts";
import type { JobEvent } from "../../../../shared/protocol/events.ts";
import type { JobView } from "../../../../shared/protocol/job.ts";
import type { ApiContext } from "../../api-context.ts";
import { followJob } from "../../follow/follow-job.ts";
import { traceFollowed } from "../../telemetry/trace-events.ts";
import { outcomeChunks, proposalChunks } from "./action-chunks.ts";
import type { UiChunk } from "./ui-chunk.ts";

export type StepContext = Pick<ApiContext, "db" | "watch" | "log" | "tracing">;

/** Request that a stream answers. */
export interface StreamReader {
  /** Ends the stream: the client is gone. */
  signal: AbortSignal;
  /** Its `traceparent`. */
  trace: string | undefined;
}

/** Name of the text within a step: each has one at most. */
const textId = "text";
/** A source without an address is a text that the site has given. */
const plainText = "text/plain";

/**
 * Opens the events of a job that is a step of a message.
 * @returns `undefined` if there is no such job any more
 */
export async function openStep(
  context: StepContext,
  { id }: MessageStep,
  { signal, trace }: StreamReader,
): Promise<AsyncGenerator<JobEvent> | undefined> {
  // Open the watcher before the row is read, so that no change falls in between.
  const watcher = await context.watch.open(id, signal);
  const row = await readJob(context.db.pool, id);
  return row && traceFollowed(context, row, trace, followJob(context, { watcher, row }));
}

/** Makes the chunks after the text of a job that has ended: the action that it answered, and those that it proposes. */
export async function endOfStep({ db }: StepContext, { actionId }: MessageStep, job: JobView): Promise<UiChunk[]> {
  const answered = actionId === null ? undefined : await readCard(db.pool, actionId);
  return [
    ...(answered?.card ? outcomeChunks(answered.card) : []),
    ...(job.actions ?? []).flatMap((card) => [...proposalChunks(card)]),
    { type: "finish-step" },
  ];
}

/** The text and sources of a step, as one client has them. */
export class StepText {
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
