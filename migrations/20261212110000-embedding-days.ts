import { Migration } from "@mikro-orm/migrations";

/** How much a site has asked an embeddings endpoint for, by day. */
export class EmbeddingDays extends Migration {
  override name = "20261212110000-embedding-days";

  override up(): void {
    this.addSql(`
      create table embedding_days (
        site_id text not null default 'default',
        day date not null,
        calls int not null default 0,
        texts int not null default 0,
        failures int not null default 0,
        tokens bigint not null default 0,
        primary key (site_id, day))`);
  }
}
