import { randomUUID } from "node:crypto";
import pg from "pg";

/** Statements of the limits: one per stored message, one for the provider's context. */
export function openStore() {
  const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 10 });
  return {
    async insert(conversationId: string, role: "user" | "assistant", content: string): Promise<void> {
      await pool.query({
        name: "insert",
        text: "insert into messages (id, conversation_id, role, content) values ($1, $2, $3, $4)",
        values: [randomUUID(), conversationId, role, content],
      });
    },
    /** Newest 20 messages, oldest first. */
    async newest(conversationId: string): Promise<{ role: string; content: string }[]> {
      const { rows } = await pool.query<{ role: string; content: string }>({
        name: "newest",
        text: "select role, content from messages where conversation_id = $1 order by created_at desc limit 20",
        values: [conversationId],
      });
      return rows.toReversed();
    },
  };
}

export const baselineRedisUrl = process.env["REDIS_URL"] ?? "";
export const providerModel = process.env["PROVIDER_MODEL"] ?? "default";
export const floorQueue = "floor";

/** Body of a POST to the limits. */
export interface FloorRequest {
  conversationId: string;
  message: string;
  /** True if the reply will be followed. */
  follow?: boolean;
}

export interface FloorJob {
  id: string;
  conversationId: string;
  message: string;
  /** Channel for the reply while it is written; absent: without a reader. */
  channel?: string;
}

/** Reports that a part is ready, and ends the part with its parent process. */
export function ready(): void {
  process.once("disconnect", () => process.exit());
  process.send?.("ready");
}
