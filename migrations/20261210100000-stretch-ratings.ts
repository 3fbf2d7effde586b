import { Migration } from "@mikro-orm/migrations";

/** How a stretch with a person went, as its visitor says. */
export class StretchRatings extends Migration {
  override name = "20261210100000-stretch-ratings";

  override up(): void {
    this.addSql(`
      alter table stretches
        add column rating_asked boolean not null default false,
        add column rating text,
        add column comment text,
        add column rated_at timestamptz,
        add constraint stretches_rating check (rating in ('good', 'bad'))`);
    // Planner samples of this column would outlive the deleted rows.
    this.addSql(`alter table stretches alter column comment set statistics 0`);
  }
}
