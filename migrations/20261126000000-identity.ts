import { Migration } from "@mikro-orm/migrations";

/** Adds the owner of a conversation, where the embedding site identifies its visitors. */
export class Identity extends Migration {
  override name = "20261126000000-identity";

  override up(): void {
    this.addSql("alter table conversations add column visitor_hash bytea");
    this.addSql(`
      create index conversations_visitor on conversations (visitor_hash, updated_at desc, id desc)
      where visitor_hash is not null`);
  }
}
