import { Migration } from "@mikro-orm/migrations";

/** A site's own words for the buttons of a card. Their absence is that of words of its own. */
export class ActionLabels extends Migration {
  override name = "20261212120000-action-labels";

  override up(): void {
    this.addSql(`alter table actions add column confirm_label text, add column refuse_label text`);
  }
}
