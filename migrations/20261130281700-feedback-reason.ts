import { Migration } from "@mikro-orm/migrations";

/** A visitor's reason for a rating, chosen from a list. */
export class FeedbackReason extends Migration {
  override name = "20261130281700-feedback-reason";

  override up(): void {
    this.addSql(`alter table feedback add column reason text`);
  }
}
