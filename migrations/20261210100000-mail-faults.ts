import { Migration } from "@mikro-orm/migrations";

/** Reasons why mails were not taken. */
export class MailFaults extends Migration {
  override name = "20261210100000-mail-faults";

  override up(): void {
    this.addSql(`alter table mails add column fault text, add column failed_at timestamptz`);
    this.addSql(`create index mails_failed on mails (failed_at) where failed_at is not null`);
  }
}
