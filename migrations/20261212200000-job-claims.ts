import { Migration } from "@mikro-orm/migrations";

/** Sealed claims of the visitor's identity, for the tools of one job. The statement that ends the job removes them. */
export class JobClaims extends Migration {
  override name = "20261212200000-job-claims";

  override up(): void {
    this.addSql(`alter table jobs add column claims bytea`);
  }
}
