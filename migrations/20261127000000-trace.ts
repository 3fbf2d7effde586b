import { Migration } from "@mikro-orm/migrations";

/** Keeps the trace of a message, so that its job continues it. */
export class Trace extends Migration {
  override name = "20261127000000-trace";

  override up(): void {
    this.addSql(`alter table jobs add column trace text`);
  }
}
