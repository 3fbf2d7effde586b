import { describe, expect, it } from "vitest";
import { openTestDatabase } from "../../testing/stores/database.ts";
import { firstPassage, passagesAfterStatement } from "./passages.ts";

describe("readPassagesAfter()", () => {
  it("reads a page in the order of the index: without a sort of all passages of a revision", async () => {
    await using db = await openTestDatabase();
    const client = await db.pool.connect();
    try {
      // The table is empty: a small one is read and sorted whole otherwise.
      await client.query("set enable_seqscan = off; set enable_bitmapscan = off");
      const values = ["shop", firstPassage.revision, firstPassage.id, 1, 2000];
      const { rows } = await client.query<{ "QUERY PLAN": string }>(`explain ${passagesAfterStatement.text}`, values);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan).toContain("knowledge_passages_in_order");
      expect(plan).not.toContain("Sort");
    } finally {
      client.release(true);
    }
  });
});
