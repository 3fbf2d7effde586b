import { Migration } from "@mikro-orm/migrations";

/** Sites, of which each installation has one so far. */
export class Sites extends Migration {
  override name = "20261130300000-sites";

  override up(): void {
    this.addSql(`create table sites (id text primary key, created_at timestamptz not null default now())`);
    this.addSql(`insert into sites (id) values ('default')`);
    // No foreign keys: each new conversation would lock the row of its site, which all others lock too.
    for (const table of ["conversations", "calls", "budgets"]) {
      this.addSql(`alter table ${table} add column site_id text not null default 'default'`);
    }
    // The primary key is without the site for as long as processes of the version before may run beside this one.
    this.addSql(`create unique index budgets_by_site on budgets (site_id, assistant_type, day)`);
  }
}
