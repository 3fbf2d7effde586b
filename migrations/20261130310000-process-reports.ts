import { Migration } from "@mikro-orm/migrations";

/** Processes that run, and their versions. */
export class ProcessReports extends Migration {
  override name = "20261130310000-process-reports";

  override up(): void {
    this.addSql(`
      create table process_reports (
        process_id uuid primary key,
        name text not null,
        place text not null,
        version int not null,
        reported_at timestamptz not null default now())`);
  }
}
