import type { JobRow } from "../../../../shared/db/jobs/read-job.ts";
import type { JobEvent } from "../../../../shared/protocol/events.ts";
import type { SourceEvent } from "../../../../shared/protocol/knowledge/reply-source.ts";

/** The citations of a reply that one client was sent. A new attempt and a `reset` drop them. */
export class ClientSources {
  #text = "";
  readonly #sent = new Set<string>();

  /**
   * Yields the citations whose place the client's text has reached, of the draft or, once it is stored, of the reply.
   * @param text the attempt and the resets of it so far: of another one, the client has no citation
   */
  *pass(row: JobRow, text: { attempt: number; resets: number; bytes: number }): Generator<JobEvent> {
    const shown = `${text.attempt}/${text.resets}`;
    if (shown !== this.#text) this.#sent.clear();
    this.#text = shown;
    for (const source of row.notedSources ?? ofReply(row)) {
      const place = `${source.offset}/${source.n}`;
      if (source.offset > text.bytes || this.#sent.has(place)) continue;
      this.#sent.add(place);
      yield { event: "source", data: source };
    }
  }
}

function ofReply({ replySources }: JobRow): SourceEvent[] {
  const standing = (replySources ?? []).filter(({ removed }) => removed !== true);
  return standing.map(({ n, title, url, end }) => ({ n, title, url, offset: end }));
}
