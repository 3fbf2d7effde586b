import { Migration } from "@mikro-orm/migrations";

/** Recent requests per sender. */
export class RateLimits extends Migration {
  override name = "20261126100000-rate-limits";

  override up(): void {
    // rate-limiter-flexible expects these columns. Unlogged: losing the table opens a new window, no more. Rows are
    // updated far more often than inserted, so each page leaves room for updates.
    this.addSql(`
      create unlogged table rate_limits (
        key varchar(255) primary key,
        points int not null default 0,
        expire bigint
      ) with (fillfactor = 50)`);
    this.addSql(`
      alter table conversations
        add column window_began_at timestamptz not null default now(),
        add column window_messages int not null default 1`);
  }
}
