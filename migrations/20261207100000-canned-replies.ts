import { Migration } from "@mikro-orm/migrations";

/** Texts that operators send often, by a short name. */
export class CannedReplies extends Migration {
  override name = "20261207100000-canned-replies";

  override up(): void {
    this.addSql(`
      create table canned_replies (
        site_id text not null default 'default',
        shortcut text not null,
        text text not null,
        operator_id uuid,
        updated_at timestamptz not null default now(),
        primary key (site_id, shortcut))`);
  }
}
