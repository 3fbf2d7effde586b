import { Migration } from "@mikro-orm/migrations";

/** Places to which operators have seen conversations, and who looks at them. */
export class Looks extends Migration {
  override name = "20261209430000-looks";

  override up(): void {
    this.addSql(`
      create table conversation_looks (
        conversation_id uuid not null
          constraint conversation_looks_conversation_id_foreign references conversations on delete cascade,
        operator_id uuid not null,
        seen_turn int not null default 0,
        looks_until timestamptz,
        primary key (conversation_id, operator_id))`);
  }
}
