import { Migration } from "@mikro-orm/migrations";

/** Hours that were set in the console. They win over the file. */
export class SiteHours extends Migration {
  override name = "20261209420000-site-hours";

  override up(): void {
    this.addSql(`
      create table site_hours (
        site_id text primary key default 'default',
        hours jsonb not null,
        operator_id uuid,
        changed_at timestamptz not null default now())`);
  }
}
