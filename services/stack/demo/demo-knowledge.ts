import { readFile } from "node:fs/promises";
import { type Database, openDatabase } from "../../../shared/db/database.ts";
import { addSources, listSources, moveSources } from "../../../shared/db/knowledge/sources.ts";
import { readOrMakeSetting, replaceSetting } from "../../../shared/db/settings.ts";
import type { Logger } from "../../../shared/logger.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { demoHelpPages } from "../../../shared/sites/demo-help-pages.ts";

const folder = new URL("../../widget/demo/", import.meta.url);
/** Setting that says where the pages are. Its presence says that they were added: deleted ones do not come back. */
const setting = "demo-knowledge";

/**
 * Adds the help pages of the demo shop as knowledge, once for an installation. They are read from files, since a page of
 * this machine is never fetched. Their links follow the port.
 * @param url of the demo page, without a path
 */
export async function addDemoKnowledge(databaseUrl: string, url: string, log: Logger): Promise<void> {
  const db = openDatabase(databaseUrl, log, { connections: 1 });
  try {
    const known = await readOrMakeSetting(db.pool, setting, () => "");
    if (known === url) return;
    if (known === "") await addPages(db.pool, url);
    else
      await moveSources(db.pool, defaultSite, {
        ids: demoHelpPages.map(({ sourceId }) => sourceId),
        from: known,
        to: url,
      });
    await replaceSetting(db.pool, setting, url);
  } catch (error) {
    log.warn({ err: error }, "could not add the help pages of the demo shop; the next start tries again");
  } finally {
    await db.close();
  }
}

/**
 * Adds them, but not beside sources of the owner's own: what a made-up shop says must not answer their visitors. After a crash
 * before the setting is written, the pages are there, and the next start adds nothing.
 */
async function addPages(pool: Database["pool"], url: string): Promise<void> {
  if ((await listSources(pool, { siteId: defaultSite, limit: 1 })).length > 0) return;
  const sources = demoHelpPages.map(async ({ path, file, sourceId }) => ({
    id: sourceId,
    kind: "file" as const,
    url: `${url}${path}`,
    mediaType: "text/html",
    content: await readFile(new URL(file, folder)),
  }));
  await addSources(pool, defaultSite, await Promise.all(sources));
}
