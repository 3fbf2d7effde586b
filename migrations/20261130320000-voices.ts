import { Migration } from "@mikro-orm/migrations";

/** People beside the AI: who answers a conversation, its history, operators and their keys. */
export class Voices extends Migration {
  override name = "20261130320000-voices";

  override up(): void {
    this.addSql(`
      alter table conversations
        add column handled_by text not null default 'ai',
        add column operator_id uuid,
        add column stretch int not null default 0,
        add column waiting_since timestamptz,
        add column handoff_due text,
        add column handoff_email text,
        add column failed_replies int not null default 0,
        add column unheard int not null default 0,
        add column seen_turn int not null default 0,
        add column closed_at timestamptz,
        add column blocked_at timestamptz,
        add constraint conversations_handled_by check (handled_by in ('ai', 'waiting', 'operator'))`);
    this.addSql(
      `create index conversations_waiting on conversations (site_id, waiting_since) where handled_by = 'waiting'`,
    );
    this.addSql(`create index conversations_of_operator on conversations (operator_id) where operator_id is not null`);
    this.addSql(`create index conversations_handoff_due on conversations (id) where handoff_due is not null`);
    this.addSql(`create index conversations_closed on conversations (closed_at) where closed_at is not null`);
    this.addSql(`
      alter table messages
        add column operator_id uuid,
        add column idempotency_hash bytea,
        add column request_hash bytea,
        drop constraint messages_sender,
        add constraint messages_sender check (sender in ('user', 'ai') or sender = 'operator' and operator_id is not null)`);
    this.addSql(
      `create unique index messages_idempotency_hash on messages (idempotency_hash) where idempotency_hash is not null`,
    );
    this.addSql(`alter table jobs add column handled_by text`);
    this.addSql(`
      alter table events
        add column handled_by text,
        add column operator_id uuid,
        add column notice text`);
    this.addSql(`
      create table operators (
        id uuid primary key,
        site_id text not null default 'default',
        name text not null,
        avatar_url text,
        role text not null,
        present_until timestamptz,
        left_at timestamptz,
        created_at timestamptz not null default now(),
        constraint operators_role check (role in ('admin', 'operator', 'reader')))`);
    this.addSql(`create unique index operators_by_name on operators (site_id, name) where left_at is null`);
    this.addSql(`
      create table operator_keys (
        id uuid primary key,
        site_id text not null default 'default',
        operator_id uuid not null,
        key_hash bytea not null,
        role text not null,
        created_at timestamptz not null default now(),
        ends_at timestamptz not null,
        revoked_at timestamptz,
        constraint operator_keys_operator_id_foreign foreign key (operator_id) references operators on delete cascade,
        constraint operator_keys_key_hash_unique unique (key_hash),
        constraint operator_keys_role check (role in ('admin', 'operator', 'reader')))`);
    // No foreign keys to conversations: each change of a conversation would look its row up, which it holds anyway.
    this.addSql(`
      create table stretches (
        conversation_id uuid not null,
        no int not null,
        site_id text not null default 'default',
        handled_by text not null,
        operator_id uuid,
        reason text,
        began_at timestamptz not null default now(),
        ended_at timestamptz,
        primary key (conversation_id, no),
        constraint stretches_handled_by check (handled_by in ('ai', 'waiting', 'operator')))`);
    this.addSql(`
      create table notes (
        id uuid primary key,
        site_id text not null default 'default',
        conversation_id uuid not null,
        operator_id uuid,
        text text not null,
        created_at timestamptz not null default now())`);
    this.addSql(`create index notes_of_conversation on notes (conversation_id, created_at)`);
    this.addSql(`
      create table blocked_visitors (
        site_id text not null default 'default',
        visitor_hash bytea not null,
        operator_id uuid,
        blocked_at timestamptz not null default now(),
        primary key (site_id, visitor_hash))`);
  }
}
