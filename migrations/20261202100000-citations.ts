import { Migration } from "@mikro-orm/migrations";

/** Passages that replies were made from, citations in them, and questions without an answer. */
export class Citations extends Migration {
  override name = "20261202100000-citations";

  override up(): void {
    this.addSql(`
      create table reply_passages (
        job_id uuid not null,
        attempt int not null,
        no int not null,
        site_id text not null default 'default',
        passage_id bigint not null,
        document_id uuid not null,
        source_id uuid not null,
        primary key (job_id, attempt, no),
        constraint reply_passages_job_id_foreign foreign key (job_id) references jobs on delete cascade)`);
    this.addSql(`
      create unlogged table draft_sources (
        job_id uuid not null,
        attempt int not null,
        no int not null,
        ${citation},
        source_id uuid not null,
        primary key (job_id, attempt, no),
        constraint draft_sources_job_id_foreign foreign key (job_id) references jobs on delete cascade,
        constraint draft_sources_source_id_foreign foreign key (source_id) references knowledge_sources on delete cascade)`);
    this.addSql(`
      create table reply_sources (
        message_id uuid not null,
        no int not null,
        ${citation},
        source_id uuid,
        primary key (message_id, no),
        constraint reply_sources_message_id_foreign foreign key (message_id) references messages on delete cascade,
        constraint reply_sources_source_id_foreign foreign key (source_id) references knowledge_sources on delete set null)`);
    this.addSql(`create index reply_sources_of_source on reply_sources (source_id)`);
    this.addSql(`
      create table unanswered_questions (
        message_id uuid primary key,
        conversation_id uuid not null,
        site_id text not null default 'default',
        words bytea not null,
        at timestamptz not null default now(),
        constraint unanswered_questions_message_id_foreign foreign key (message_id) references messages on delete cascade)`);
    this.addSql(`create index unanswered_questions_by_words on unanswered_questions (site_id, words)`);
    this.addSql(`alter table knowledge_bases add column withdrawals int not null default 0`);
    // Triggers, because processes of earlier versions delete sources without knowing these tables. The search path is
    // pinned: a restore of a dump runs with an empty one.
    this.addSql(`
      create function reply_sources_forgets_deleted_fn() returns trigger language plpgsql set search_path from current as $$
      begin
        if new.source_id is null then
          new.title := ''; new.url := ''; new.quote := '';
        end if;
        return new;
      end $$`);
    this.addSql(`
      create trigger forgets_deleted before update on reply_sources
        for each row execute function reply_sources_forgets_deleted_fn()`);
    this.addSql(`
      create function knowledge_sources_counts_withdrawal_fn() returns trigger language plpgsql set search_path from current as $$
      begin
        update knowledge_bases set withdrawals = withdrawals + 1 where site_id = old.site_id;
        return null;
      end $$`);
    this.addSql(`
      create trigger counts_withdrawal after delete on knowledge_sources
        for each row execute function knowledge_sources_counts_withdrawal_fn()`);
  }
}

/** Columns of a citation. */
const citation = `
        n int not null,
        site_id text not null default 'default',
        passage_id bigint not null,
        title text not null,
        url text not null,
        quote text not null,
        begins int not null,
        ends int not null`;
