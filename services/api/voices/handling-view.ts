import type { Pool } from "pg";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import type { OperatorName } from "../../../shared/db/conversations/conversations.ts";
import { isAnyonePresent } from "../../../shared/db/voices/presence.ts";
import type { Expected, HandledBy, Handling } from "../../../shared/protocol/handling.ts";
import { toOperatorView } from "../history/message-view.ts";

/** Time for which it is remembered whether somebody is there, however many visitors ask. */
const freshMs = 2000;

/** Says who answers a conversation, and what a visitor who waits for a person may expect. */
export class HandlingView {
  readonly #isAnyonePresent: () => Promise<boolean>;

  constructor({ pool, siteId }: { pool: Pool; siteId: string }) {
    this.#isAnyonePresent = cachedFor(freshMs, () => isAnyonePresent(pool, siteId));
  }

  async describe({ handledBy, operator }: { handledBy: HandledBy; operator: OperatorName | null }): Promise<Handling> {
    return {
      handledBy,
      ...(operator && { operator: toOperatorView(operator) }),
      ...(handledBy === "waiting" && { expected: await this.#expected() }),
    };
  }

  /** By presence alone. While it cannot be read, nothing is promised. */
  async #expected(): Promise<Expected> {
    const present = await this.#isAnyonePresent().catch(() => false);
    return present ? { state: "now", emailAsked: false } : { state: "address", emailAsked: true };
  }
}
