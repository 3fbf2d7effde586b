import type { Pool } from "pg";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import type { OperatorName } from "../../../shared/db/conversations/conversations.ts";
import { readLocale, readOperatorName } from "../../../shared/db/voices/names.ts";
import { type Attendance, readOverdue, readPresence } from "../../../shared/db/voices/presence.ts";
import { readRatingAsked } from "../../../shared/db/voices/stretch-ratings.ts";
import { type Hours, parseHours } from "../../../shared/hours/hours.ts";
import type { Expected, HandledBy, Handling, Notice, NoticeCode } from "../../../shared/protocol/handling.ts";
import { toOperatorView } from "../history/message-view.ts";
import { describeNotice } from "./notices.ts";
import { describeProspects } from "./prospects.ts";

/** Time for which it is remembered whether somebody is there and which hours count, however many visitors ask. */
const freshMs = 2000;

interface Voice {
  handledBy: HandledBy;
  operator: OperatorName | null;
  /** See `ConversationOwner`. Absent: what the visitor may be asked is not said. */
  stretch?: number;
}

/** Change of who answers, as the log has it. */
interface LoggedChange {
  conversationId: string;
  handledBy: HandledBy;
  operatorId: string | null;
  notice: NoticeCode | null;
}

/** While presence cannot be read, nothing is promised. */
const unknownProspects: Expected = { state: "address", emailAsked: true };

/** Says who answers a conversation, and what a visitor who waits for a person may expect. */
export class HandlingView {
  readonly #pool: Pool;
  readonly #hours: () => Hours | undefined;
  readonly #expected: () => Promise<Expected>;
  readonly #overdue: () => Promise<Expected>;

  /** @param hours reads those of the file, which may change; those that were set in the console win */
  constructor({ pool, siteId, hours }: { pool: Pool; siteId: string; hours: () => Hours | undefined }) {
    this.#pool = pool;
    this.#hours = hours;
    const readPresenceOnce = cachedFor(freshMs, () => readPresence(pool, siteId).catch(() => undefined));
    const inForce = ({ hours: set }: Attendance) => (set === null ? undefined : parseHours(set)) ?? hours();
    this.#expected = cachedFor(freshMs, async () => {
      const presence = await readPresenceOnce();
      return presence ? describeProspects(presence, inForce(presence)) : unknownProspects;
    });
    // Those who are online have not come: they promise nothing.
    this.#overdue = cachedFor(freshMs, async () => {
      const presence = await readPresenceOnce();
      return presence ? describeProspects({ ...presence, present: false }, inForce(presence)) : unknownProspects;
    });
  }

  /** Hours as the file has them now, if the site says any there. */
  get fileHours(): Hours | undefined {
    return this.#hours();
  }

  async describe(conversationId: string, { handledBy, operator, stretch = 0 }: Voice): Promise<Handling> {
    const asks = handledBy === "ai" && stretch > 0;
    return {
      handledBy,
      ...(asks && (await this.#askIn(conversationId))),
      ...(handledBy === "operator" && operator && { operator: toOperatorView(operator) }),
      ...(handledBy === "waiting" && { expected: await this.#expectIn(conversationId) }),
    };
  }

  async #expectIn(conversationId: string): Promise<Expected> {
    return this.expect(await readOverdue(this.#pool, conversationId).catch(() => true));
  }

  async #askIn(conversationId: string): Promise<Pick<Handling, "ratingAsked">> {
    const asked = await readRatingAsked(this.#pool, conversationId).catch(() => undefined);
    if (!asked) return {};
    const { stretch, operator } = asked;
    return { ratingAsked: { stretch, ...(operator && { operator: toOperatorView(operator) }) } };
  }

  /** @param overdue nobody has come to this visitor */
  async expect(overdue: boolean): Promise<Expected> {
    return overdue ? this.#overdue() : this.#expected();
  }

  /** Says it with the words for the visitor. */
  async describeChange(change: LoggedChange): Promise<Handling & { notice?: Notice }> {
    const { conversationId, handledBy, operatorId, notice } = change;
    const operator = operatorId === null ? null : ((await readOperatorName(this.#pool, operatorId)) ?? null);
    const handling = await this.describe(conversationId, { handledBy, operator, stretch: Infinity });
    return notice === null ? handling : { ...handling, notice: await this.#say(notice, conversationId, operator) };
  }

  /** Words for a visitor whose message gets no reply of the AI; none while it answers. */
  async insteadOfReply(conversationId: string, { handledBy, operator }: Voice): Promise<Notice | undefined> {
    if (handledBy === "ai") return undefined;
    return this.#say(handledBy === "operator" ? "taken" : "waiting", conversationId, operator);
  }

  async #say(code: NoticeCode, conversationId: string, operator: OperatorName | null): Promise<Notice> {
    const language = (await readLocale(this.#pool, conversationId))?.locale ?? undefined;
    return describeNotice(code, { language, operatorName: operator?.name });
  }
}
