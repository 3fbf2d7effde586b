import { Migration } from "@mikro-orm/migrations";

/** Notes of what visitors have seen: one who reads an answer gets no mail about it. */
export class VisitorSeen extends Migration {
  override name = "20261210110000-visitor-seen";

  override up(): void {
    this.addSql(`alter table conversations add column visitor_seen_turn int not null default 0`);
  }
}
