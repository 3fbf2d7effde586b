import { Migration } from "@mikro-orm/migrations";

/** The trace a message came in with goes on where its job is answered. */
export class Trace extends Migration {
  override name = "20261127000000-trace";

  override up(): void {
    this.addSql(`alter table jobs add column trace text`);
  }
}
