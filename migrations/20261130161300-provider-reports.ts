import { Migration } from "@mikro-orm/migrations";

/** Workers say which providers they have, so that an API needs none of their keys to know what may be chosen. */
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
