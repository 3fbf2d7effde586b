import { Migration } from "@mikro-orm/migrations";

/** Who has sent how much of late. */
export class RateLimits extends Migration {
  override name = "20261126100000-rate-limits";

  override up(): void {
    // Its columns are what rate-limiter-flexible expects. Unlogged: losing it opens a new window, no more. Rows change far
    // more often than they come, so each page leaves room for that.
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
