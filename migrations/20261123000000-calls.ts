import { Migration } from "@mikro-orm/migrations";

/** Ledger of the calls to providers, the daily budgets they are charged to, and the threads that providers keep. */
export class Calls extends Migration {
  override name = "20261123000000-calls";

  override up(): void {
    this.addSql(`
      create table calls (
        id uuid primary key,
        job_id uuid not null,
        attempt int not null,
        assistant_type text not null,
        provider text not null,
        model text not null,
        begun_at timestamptz not null default now(),
        settled_at timestamptz,
        outcome text constraint calls_outcome check (outcome in ('answered', 'failed', 'stopped', 'lost')),
        input_tokens int,
        cached_input_tokens int,
        cache_write_tokens int,
        output_tokens int,
        estimated boolean not null default false,
        cost_usd double precision,
        reserved_usd double precision not null default 0,
        budget_day date
      )`);
    this.addSql(`create index calls_job_id on calls (job_id)`);
    this.addSql(`create index calls_unsettled on calls (begun_at) where settled_at is null`);
    this.addSql(`
      create table budgets (
        assistant_type text not null,
        day date not null,
        settled_usd double precision not null default 0,
        reserved_usd double precision not null default 0,
        primary key (assistant_type, day)
      )`);
    this.addSql(`alter table jobs add column cost_usd double precision`);
    this.addSql(`
      alter table conversations
        add column thread_id text,
        add column thread_provider text,
        add column thread_turn int,
        add column thread_adopted boolean not null default false`);
    this.addSql(`
      create unique index conversations_thread on conversations (thread_provider, thread_id) where thread_id is not null`);
    this.addSql(`
      create unlogged table circuit_reports (
        worker_id uuid primary key,
        open_circuits text[] not null,
        reported_at timestamptz not null default now()
      )`);
    this.addSql(`
      create table thread_deletions (
        thread_id text not null,
        provider text not null,
        due_at timestamptz not null default now(),
        tries int not null default 0,
        primary key (provider, thread_id)
      )`);
  }
}
