import { Migration } from "@mikro-orm/migrations";

/** Refreshes that were asked for while a look was under way, which may have read the page before its change. */
export class RefreshAsked extends Migration {
  override name = "20261208100000-refresh-asked";

  override up(): void {
    this.addSql(`alter table knowledge_sources add column refresh_asked boolean not null default false`);
  }
}
