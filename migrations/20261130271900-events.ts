import { Migration } from "@mikro-orm/migrations";

/** Log of what changed in conversations. It holds ids, no text. */
export class Events extends Migration {
  override name = "20261130271900-events";

  override up(): void {
    this.addSql(`alter table conversations add column event_seq int not null default 0`);
    this.addSql(`
      create table events (
        id bigint generated always as identity primary key,
        site_id text not null default 'default',
        conversation_id uuid not null,
        seq int not null,
        pos bigint,
        kind text not null,
        message_id uuid,
        job_id uuid,
        status text,
        at timestamptz not null default clock_timestamp(),
        constraint events_kind check (kind in ('message', 'job', 'handling', 'notice', 'action', 'deleted')))`);
    this.addSql(`create unique index events_by_seq on events (conversation_id, seq)`);
    this.addSql(`create index events_unnumbered on events (id) where pos is null`);
    this.addSql(`create unique index events_by_pos on events (pos) where pos is not null`);
    this.addSql(`create table event_tail (id int primary key, pos bigint not null)`);
    this.addSql(`insert into event_tail (id, pos) values (1, 0)`);
  }
}
