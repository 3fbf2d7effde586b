import { Migration } from "@mikro-orm/migrations";

/** The ledger of actions: what a model proposed, what the visitor said to it, and what became of it. */
export class Actions extends Migration {
  override name = "20261211100000-actions";

  override up(): void {
    // No foreign key to the conversation: what was sent outlives it.
    this.addSql(`
      create table actions (
        id uuid primary key,
        site_id text not null default 'default',
        conversation_id uuid not null,
        job_id uuid not null,
        no int not null,
        tool text not null,
        version text not null,
        hash bytea not null,
        arguments jsonb,
        title text,
        lines jsonb,
        state text not null default 'waiting',
        result text,
        answer_id uuid,
        proposed_at timestamptz not null default now(),
        expires_at timestamptz not null,
        answered_at timestamptz,
        sent_at timestamptz,
        sent_by uuid,
        ended_at timestamptz,
        constraint actions_state check (state in ('waiting', 'confirmed', 'refused', 'expired', 'replaced', 'withdrawn', 'sent', 'done', 'failed', 'unknown')))`);
    this.addSql(`create index actions_of_conversation on actions (conversation_id, proposed_at)`);
    this.addSql(`create unique index actions_of_job on actions (job_id, no)`);
    this.addSql(`create index actions_waiting on actions (expires_at) where state = 'waiting'`);
    this.addSql(`create index actions_sent on actions (sent_at) where state = 'sent'`);
    this.addSql(`alter table jobs add column action_id uuid`);
    this.addSql(`alter table events add column action_id uuid`);
  }
}
