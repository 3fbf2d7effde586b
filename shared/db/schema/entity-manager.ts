import { type EntityManager, MikroORM } from "@mikro-orm/postgresql";
import { ormOptions } from "./orm.ts";

/**
 * Runs work with MikroORM's EntityManager, on connections of its own. For processes that live for seconds: MikroORM and
 * our entities take 41 MB and 0.3 s to load, so a service imports nothing of this.
 */
export async function withEntityManager<T>(
  databaseUrl: string,
  work: (em: EntityManager, orm: MikroORM) => Promise<T>,
): Promise<T> {
  const orm = await MikroORM.init(ormOptions(databaseUrl));
  try {
    return await work(orm.em.fork(), orm);
  } finally {
    await orm.close();
  }
}
