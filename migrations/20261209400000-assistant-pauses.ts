import { Migration } from "@mikro-orm/migrations";

/** Assistants whose AI answers nothing for now. */
export class AssistantPauses extends Migration {
  override name = "20261209400000-assistant-pauses";

  override up(): void {
    this.addSql(`
      create table assistant_pauses (
        site_id text not null default 'default',
        assistant_type text not null,
        operator_id uuid,
        paused_at timestamptz not null default now(),
        primary key (site_id, assistant_type))`);
  }
}
