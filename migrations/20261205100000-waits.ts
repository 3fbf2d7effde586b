import { Migration } from "@mikro-orm/migrations";

/** Waits for a person that nobody ends: how often an operator let one pass, and whether the visitor was told. */
export class Waits extends Migration {
  override name = "20261205100000-waits";

  override up(): void {
    this.addSql(`
      alter table conversations
        add column returns int not null default 0,
        add column overdue_at timestamptz`);
  }
}
