import { Migration } from "@mikro-orm/migrations";

/** Calls of the tools of a run that read, written with the end of its job. */
export class ToolCalls extends Migration {
  override name = "20261212300000-tool-calls";

  override up(): void {
    this.addSql(`alter table runs add column tool_calls jsonb`);
  }
}
