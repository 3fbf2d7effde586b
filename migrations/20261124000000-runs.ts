import { Migration } from "@mikro-orm/migrations";

/** Records which worker ran a job, when, and with which outcome. */
export class Runs extends Migration {
  override name = "20261124000000-runs";

  override up(): void {
    this.addSql(`
      create table runs (
        job_id uuid not null,
        run int not null,
        attempt int not null,
        worker text not null,
        claimed_at timestamptz not null default now(),
        first_delta_ms int,
        ended_at timestamptz,
        outcome text constraint runs_outcome check (outcome in ('completed', 'failed', 'cancelled', 'released')),
        primary key (job_id, run)
      )`);
  }
}
