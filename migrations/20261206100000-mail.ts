import { Migration } from "@mikro-orm/migrations";

/** Mails to operators and visitors, and what is counted of their addresses. */
export class Mail extends Migration {
  override name = "20261206100000-mail";

  override up(): void {
    this.addSql(`
      alter table conversations
        add column emails_left int not null default 0,
        add column email_left_at timestamptz`);
    this.addSql(`create index conversations_with_email on conversations (updated_at) where handoff_email is not null`);
    this.addSql(`
      create table mails (
        id uuid primary key,
        site_id text not null default 'default',
        kind text not null,
        cause text not null,
        conversation_id uuid not null,
        stretch int,
        operator_id uuid,
        message_id uuid,
        state text not null default 'due',
        tries int not null default 0,
        handed int not null default 0,
        due_at timestamptz not null default now(),
        created_at timestamptz not null default now(),
        admitted_at timestamptz,
        ended_at timestamptz,
        constraint mails_cause unique (cause),
        constraint mails_kind check (kind in ('visitor-waits', 'answer')),
        constraint mails_state check (
          state in ('due', 'sent', 'refused', 'unknown', 'expired', 'needless', 'stopped', 'limited')))`);
    this.addSql(`create index mails_due on mails (due_at) where state = 'due'`);
    this.addSql(`create index mails_of_conversation on mails (conversation_id)`);
    this.addSql(`
      create table mail_addresses (
        site_id text not null default 'default',
        address_hash bytea not null,
        window_began_at timestamptz not null default now(),
        window_mails int not null default 0,
        stopped_at timestamptz,
        primary key (site_id, address_hash))`);
    this.addSql(`create index mail_addresses_window on mail_addresses (window_began_at) where stopped_at is null`);
  }
}
