import { Migration } from "@mikro-orm/migrations";

/** The one model that vectors of passages are made by, and until when the processes that are configured with it hold it. */
export class EmbeddingChoice extends Migration {
  override name = "20261212100000-embedding-choice";

  override up(): void {
    this.addSql(`
      create table embedding_choice (
        id int primary key,
        model_id int not null,
        held_until timestamptz not null)`);
  }
}
