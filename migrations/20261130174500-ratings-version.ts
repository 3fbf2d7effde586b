import { Migration } from "@mikro-orm/migrations";

/**
 * Gives a conversation's row a mark that changes with its feedback. Together with the columns that every message
 * changes, it tells whether a cached page still shows the present state.
 */
export class RatingsVersion extends Migration {
  override name = "20261130174500-ratings-version";

  override up(): void {
    this.addSql(`alter table conversations add column ratings_version uuid`);
    // A trigger, because processes of earlier versions write feedback without knowing the column. The search path is
    // pinned: a restore of a dump runs with an empty one.
    this.addSql(`
      create function feedback_renews_version_fn() returns trigger language plpgsql set search_path from current as $$
      begin
        update conversations set ratings_version = gen_random_uuid()
        where id = (select conversation_id from messages where id = coalesce(new.message_id, old.message_id));
        return null;
      end $$`);
    this.addSql(`
      create trigger renews_version after insert or update or delete on feedback
        for each row execute function feedback_renews_version_fn()`);
  }
}
