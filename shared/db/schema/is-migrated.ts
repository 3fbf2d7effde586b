import { TableNotFoundException } from "@mikro-orm/core";
import { SettingEntity } from "./entities/bookkeeping-entities.ts";
import { withEntityManager } from "./entity-manager.ts";
import { describeSchema, schemaKey } from "./migrate.ts";

/** True if a database has the schema of this version, ours and the queue's. */
export async function isMigrated(databaseUrl: string): Promise<boolean> {
  return withEntityManager(databaseUrl, async (em) => {
    try {
      const schema = await em.findOne(SettingEntity, { key: schemaKey });
      return schema?.value === (await describeSchema());
    } catch (error) {
      if (error instanceof TableNotFoundException) return false;
      throw error;
    }
  });
}
