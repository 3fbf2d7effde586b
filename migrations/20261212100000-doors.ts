import { Migration } from "@mikro-orm/migrations";

/** Front ends of others: where a conversation is held, and the ids that such a front end gave its visitor's messages. */
export class Doors extends Migration {
  override name = "20261212100000-doors";

  override up(): void {
    this.addSql(`alter table conversations add column channel text`);
    this.addSql(`alter table messages add column client_id text`);
  }
}
