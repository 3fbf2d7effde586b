import { Migration } from "@mikro-orm/migrations";

/** Visitors' ratings of replies. */
export class Feedback extends Migration {
  override name = "20261125000000-feedback";

  override up(): void {
    this.addSql(`
      create table feedback (
        message_id uuid primary key
          constraint feedback_message_id_foreign references messages on delete cascade,
        rating text not null constraint feedback_rating check (rating in ('up', 'down')),
        comment text,
        assistant_type text not null,
        provider text,
        model text,
        rated_at timestamptz not null default now()
      )`);
    this.addSql(`create index feedback_rated_at on feedback (rated_at)`);
    // Planner samples of this column would outlive the deleted rows.
    this.addSql(`alter table feedback alter column comment set statistics 0`);
  }
}
