import { Migration } from "@mikro-orm/migrations";

/** Reasons of calls without a reply, state of the providers' keys, and indexes for operators' searches. */
export class CallFaults extends Migration {
  override name = "20261130223700-call-faults";

  override up(): void {
    this.addSql(`
      alter table calls add column error_code text, add column error_status int, add column error_detail text`);
    this.addSql(`alter table runs add column skipped_calls jsonb`);
    this.addSql(`alter table circuit_reports add column provider_keys jsonb not null default '[]'`);
    // Few replies are fallbacks, so the index is small.
    this.addSql(`create index messages_fallback on messages (created_at) where fallback`);
    this.addSql(`create index jobs_request_id on jobs (request_id)`);
  }
}
