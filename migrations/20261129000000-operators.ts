import { Migration } from "@mikro-orm/migrations";

/** Indexes for operators' searches: failed jobs are few, and found at once among millions. */
export class Operators extends Migration {
  override name = "20261129000000-operators";

  override up(): void {
    this.addSql(`create index jobs_failed on jobs (created_at) where status = 'failed'`);
    // Rows are inserted in the order of time. So a BRIN index needs a few bytes per hundred pages, and costs a submit
    // nothing.
    this.addSql(
      `create index jobs_created_at on jobs using brin (created_at) with (pages_per_range = 32, autosummarize = on)`,
    );
    this.addSql(
      `create index calls_begun_at on calls using brin (begun_at) with (pages_per_range = 32, autosummarize = on)`,
    );
  }
}
