import { Migration } from "@mikro-orm/migrations";

/** Workers report their providers, so that an API knows the available ones without holding their keys. */
export class ProviderReports extends Migration {
  override name = "20261130161300-provider-reports";

  override up(): void {
    this.addSql(`
      create table provider_reports (
        worker_id uuid primary key,
        providers jsonb not null,
        reported_at timestamptz not null default now(),
        ended boolean not null default false
      )`);
  }
}
