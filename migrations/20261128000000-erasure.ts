import { Migration } from "@mikro-orm/migrations";

/** Makes erasure, export and expiry of conversations fast and complete. */
export class Erasure extends Migration {
  override name = "20261128000000-erasure";

  override up(): void {
    this.addSql(`create index jobs_of_conversation on jobs (conversation_id, turn)`);
    // The index excludes tombstones, so the oldest live conversations are found at once, however many were deleted.
    this.addSql(`create index conversations_by_age on conversations (updated_at) where deleted_at is null`);
    this.addSql(`drop index conversations_updated_at`);
    this.addSql(`create index conversations_erased on conversations (erased_at) where erased_at is not null`);
    // PostgreSQL keeps samples of every column for its planner, including rows deleted since. Changing a type, even to
    // itself, drops the existing samples.
    for (const [table, column, type] of [
      ["messages", "text", "text"],
      ["conversations", "metadata", "jsonb"],
      ["drafts", "text", "bytea"],
      ["jobs", "request_id", "text"],
      ["jobs", "request_hash", "bytea"],
      ["conversations", "visitor_hash", "bytea"],
    ]) {
      this.addSql(`alter table ${table} alter column ${column} type ${type}, alter column ${column} set statistics 0`);
    }
  }
}
