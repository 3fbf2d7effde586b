import { Migration } from "@mikro-orm/migrations";

/** Conversations, their messages, the jobs that answer them, and the drafts of replies. */
export class Initial extends Migration {
  override name = "20261122000000-initial";

  override up(): void {
    this.addSql(`
      create table conversations (
        id uuid primary key,
        assistant_type text not null,
        provider text,
        metadata jsonb not null default '{}',
        next_turn int not null,
        open_jobs uuid[] not null default '{}',
        message_count int not null default 0,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz,
        erased_at timestamptz
      )`);
    this.addSql(`create index conversations_updated_at on conversations (updated_at)`);
    this.addSql(`
      create index conversations_to_erase on conversations (deleted_at)
        where deleted_at is not null and erased_at is null`);

    this.addSql(`
      create table messages (
        id uuid primary key,
        conversation_id uuid not null constraint messages_conversation_id_foreign references conversations on delete cascade,
        turn int not null,
        sender text not null constraint messages_sender check (sender in ('user', 'ai')),
        text text not null,
        imported boolean not null default false,
        fallback boolean not null default false,
        finish_reason text,
        created_at timestamptz not null default now()
      )`);
    this.addSql(`create unique index messages_by_turn on messages (conversation_id, turn, sender desc)`);

    this.addSql(`
      create table jobs (
        id uuid primary key,
        conversation_id uuid not null constraint jobs_conversation_id_foreign references conversations on delete cascade,
        message_id uuid not null,
        turn int not null,
        status text not null default 'queued'
          constraint jobs_status check (status in ('queued', 'active', 'completed', 'failed', 'cancelled')),
        run int not null default 0,
        attempt int not null default 0,
        deaths int not null default 0,
        lease_until timestamptz,
        due_at timestamptz,
        cancel_requested_at timestamptz,
        assistant_type text not null,
        provider_override text,
        idempotency_hash bytea,
        request_hash bytea,
        request_id text,
        provider text,
        model text,
        reply_id uuid,
        reply_attempt int,
        error_code text,
        input_tokens int,
        output_tokens int,
        created_at timestamptz not null default now(),
        started_at timestamptz,
        finished_at timestamptz
      )`);
    this.addSql(`create unique index jobs_one_active on jobs (conversation_id) where status = 'active'`);
    this.addSql(
      `create unique index jobs_idempotency_hash on jobs (idempotency_hash) where idempotency_hash is not null`,
    );
    this.addSql(`create index jobs_due on jobs (due_at) where status = 'queued'`);
    this.addSql(`create index jobs_queued on jobs (created_at) where status = 'queued'`);

    this.addSql(`
      create unlogged table drafts (
        job_id uuid primary key,
        attempt int not null,
        text bytea not null,
        updated_at timestamptz not null default now()
      )`);

    this.addSql(`create table settings (key text primary key, value text not null)`);
  }
}
