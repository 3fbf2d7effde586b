import { Migration } from "@mikro-orm/migrations";

/** Messages that replace an earlier one of their visitor. */
export class Replaces extends Migration {
  override name = "20261130290500-replaces";

  override up(): void {
    // No foreign key: each deletion of a conversation would look every message up among those that replace one.
    this.addSql(`alter table messages add column replaces uuid`);
    this.addSql(`alter table conversations add column replaced_turns int[] not null default '{}'`);
  }
}
