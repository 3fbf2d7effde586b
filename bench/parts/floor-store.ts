import { randomUUID } from "node:crypto";
import pg from "pg";

/** The statements of the limits: one for each message that is stored, one for what a provider is shown. */
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
    /** The newest 20, oldest first. */
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

export const redisUrl = process.env["REDIS_URL"] ?? "";
export const providerModel = process.env["PROVIDER_MODEL"] ?? "default";
export const floorQueue = "floor";

/** What a POST to the limits brings. */
export interface FloorRequest {
  conversationId: string;
  message: string;
  /** Its reply will be followed. */
  follow?: boolean;
}

export interface FloorJob {
  id: string;
  conversationId: string;
  message: string;
  /** Where the reply goes as it is written; absent: nobody follows it. */
  channel?: string;
}

/** Says that a part is ready, and ends it with whoever started it. */
export function ready(): void {
  process.once("disconnect", () => process.exit());
  process.send?.("ready");
}
