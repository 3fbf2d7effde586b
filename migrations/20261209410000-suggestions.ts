import { Migration } from "@mikro-orm/migrations";

/** Drafts of answers that operators asked the assistant for. Each is kept for minutes. */
export class Suggestions extends Migration {
  override name = "20261209410000-suggestions";

  override up(): void {
    this.addSql(`
      create table suggestions (
        id uuid primary key,
        site_id text not null default 'default',
        conversation_id uuid not null,
        operator_id uuid not null,
        state text not null default 'asked',
        text text,
        sources jsonb,
        error_code text,
        asked_at timestamptz not null default now(),
        expires_at timestamptz not null,
        constraint suggestions_state check (state in ('asked', 'claimed', 'done', 'failed')))`);
    this.addSql(`create index suggestions_asked on suggestions (asked_at) where state = 'asked'`);
    this.addSql(`create index suggestions_of_conversation on suggestions (conversation_id)`);
  }
}
