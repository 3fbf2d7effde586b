import { Migration } from "@mikro-orm/migrations";

/** What operators look for: failed jobs are few, and found at once among millions. */
export class Operators extends Migration {
  override name = "20261129000000-operators";

  override up(): void {
    this.addSql(`create index jobs_failed on jobs (created_at) where status = 'failed'`);
    // Rows come in the order of time: a few bytes for each hundred pages of them are enough, and cost a submit nothing.
    this.addSql(
      `create index jobs_created_at on jobs using brin (created_at) with (pages_per_range = 32, autosummarize = on)`,
    );
    this.addSql(
      `create index calls_begun_at on calls using brin (begun_at) with (pages_per_range = 32, autosummarize = on)`,
    );
  }
}
