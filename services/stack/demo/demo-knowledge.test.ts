import { expect, it } from "vitest";
import { deleteSource, listSources } from "../../../shared/db/knowledge/sources.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { addTestSource } from "../../../shared/testing/fixtures/citations.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { addDemoKnowledge } from "./demo-knowledge.ts";

it("adds the demo shop's help pages once, lets their owner delete them, and follows the port", async () => {
  await using db = await openTestDatabase();
  const start = (port: number) => addDemoKnowledge(db.url, `http://localhost:${port}`, quietLog());
  const urls = async () => {
    const sources = await listSources(db.pool, { siteId: defaultSite, limit: 50 });
    return sources.map(({ url }) => url ?? "").toSorted((a, b) => a.localeCompare(b));
  };
  await Promise.all([start(3000), start(3000)]);
  const pages = await urls();
  expect(pages).toHaveLength(5);
  expect(pages[4]).toBe("http://localhost:3000/help/sizes");
  const [first] = await listSources(db.pool, { siteId: defaultSite, limit: 1 });
  await deleteSource(db.pool, { siteId: defaultSite, sourceId: first?.id ?? "" });
  await start(3000);
  expect(await urls()).toHaveLength(4);
  await start(4000);
  expect(await urls()).toEqual(pages.filter((url) => url !== first?.url).map((url) => url.replace("3000", "4000")));
});

it("adds nothing beside sources of the owner's own", async () => {
  await using db = await openTestDatabase();
  await addTestSource(db.pool);
  await addDemoKnowledge(db.url, "http://localhost:3000", quietLog());
  expect(await listSources(db.pool, { siteId: defaultSite, limit: 50 })).toHaveLength(1);
});
