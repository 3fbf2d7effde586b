import { Migration } from "@mikro-orm/migrations";

/** Invitations by mail, and which workers send mails. */
export class Invitations extends Migration {
  override name = "20261209110000-invitations";

  override up(): void {
    // Null: a version that does not say it.
    this.addSql(`alter table process_reports add column sends_mail boolean`);
    this.addSql(`alter table operator_links add column earlier_token_hash bytea`);
    this.addSql(`
      alter table mails
        alter column conversation_id drop not null,
        add column link_id uuid,
        add constraint mails_link_id_foreign foreign key (link_id) references operator_links on delete cascade,
        drop constraint mails_kind,
        add constraint mails_kind check (kind in ('visitor-waits', 'answer') or kind = 'invitation' and link_id is not null)`);
    this.addSql(`create index mails_of_link on mails (link_id) where link_id is not null`);
  }
}
