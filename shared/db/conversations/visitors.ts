import type { Pool } from "pg";
import { query } from "../database.ts";
import type { Statement } from "../../postgres/statement.ts";
import type { StatementBuilder } from "../statement-builder.ts";
import { queryTyped, type RowOf, typedStatement } from "../typed-statement.ts";

/**
 * One of a visitor's conversations. Times are Unix milliseconds. `preview` is the beginning of its newest message; null
 * if it has no messages.
 */
export type VisitorConversation = Omit<RowOf<typeof conversationsOfVisitor>, "former">;

export interface VisitorPage {
  conversations: VisitorConversation[];
  /** True if there are older conversations. */
  more: boolean;
  /** True if some are stored under the former hash. */
  stale: boolean;
}

/** Characters of a preview: one line of a list. */
const previewLength = 160;

/** A visitor's hash, and the hash under which earlier versions stored the same visitor. */
interface VisitorHashes {
  hash: Buffer;
  formerHash: Buffer;
}

interface Wanted extends VisitorHashes {
  limit: number;
  before: string | undefined;
}

/**
 * Selects the conversations stored under one hash, newest first: an index scan of `conversations_visitor`, in its
 * order.
 */
function newestOf({ db }: StatementBuilder, visitorHash: Buffer, { hash, formerHash, before, limit }: Wanted) {
  const anchor = db
    .selectFrom("conversations")
    .select(["updated_at", "id"])
    .where("id", "=", before ?? null)
    .where("visitor_hash", "in", [hash, formerHash]);
  return db
    .selectFrom("conversations")
    .select(["id", "assistant_type", "message_count", "created_at", "updated_at", "visitor_hash"])
    .where("visitor_hash", "=", visitorHash)
    .$if(before !== undefined, (newest) =>
      newest.where((eb) => eb(eb.refTuple("updated_at", "id"), "<", anchor.$asTuple("updated_at", "id"))),
    )
    .orderBy("updated_at", "desc")
    .orderBy("id", "desc")
    .limit(limit);
}

// The same statement reads the anchor's position, so that a page is a consistent snapshot.
export const conversationsOfVisitor = typedStatement("visitor-conversations", (builder, wanted: Wanted) => {
  const { db, sql, millis } = builder;
  const newest = db
    .selectFrom(newestOf(builder, wanted.hash, wanted).as("present"))
    .selectAll()
    .unionAll((eb) => eb.parens(newestOf(builder, wanted.formerHash, wanted)))
    .orderBy("updated_at", "desc")
    .orderBy("id", "desc")
    .limit(wanted.limit);
  return db
    .selectFrom(newest.as("page"))
    .select(["id", "assistant_type as assistantType", "message_count as messageCount"])
    .select((eb) => [
      millis(eb.ref("created_at")).as("createdAt"),
      millis(eb.ref("updated_at")).as("updatedAt"),
      eb
        .selectFrom("messages")
        .select(sql<string>`left(text, ${sql.lit(previewLength)})`.as("beginning"))
        .whereRef("conversation_id", "=", "page.id")
        .orderBy("turn", "desc")
        .orderBy("sender")
        .limit(1)
        .as("preview"),
      eb("visitor_hash", "=", wanted.formerHash).$castTo<boolean>().as("former"),
    ])
    .orderBy("updated_at", "desc")
    .orderBy("page.id", "desc");
});

/**
 * Reads one page of a visitor's conversations, latest activity first.
 * @param before the id of a conversation: only those after it in that order; an id that is not the visitor's gives an
 * empty page, like the last one
 */
export async function listVisitorConversations(
  pool: Pool,
  { hash, formerHash }: VisitorHashes,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<VisitorPage> {
  const rows = await queryTyped(pool, conversationsOfVisitor, { hash, formerHash, before, limit: limit + 1 });
  const found = rows.map(({ former, ...conversation }) => ({ conversation, former }));
  return {
    conversations: found.slice(0, limit).map(({ conversation }) => conversation),
    more: found.length > limit,
    stale: found.some(({ former }) => former),
  };
}

export const replaceVisitorHashStatement: Statement = {
  name: "replace-visitor-hash",
  // Rows locked by another transaction are left for the next time. Nothing waits here, so nothing deadlocks.
  text: `
    update conversations set visitor_hash = $1
    where id in (select id from conversations where visitor_hash = $2 limit 100 for update skip locked)`,
};

/** Replaces a visitor's former hash with the current one, in up to a hundred conversations at a time. */
export async function replaceFormerHash(pool: Pool, { hash, formerHash }: VisitorHashes): Promise<void> {
  await query(pool, replaceVisitorHashStatement, [hash, formerHash]);
}
