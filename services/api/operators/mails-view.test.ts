import { v7 } from "uuid";
import { expect, it } from "vitest";
import { readMailReport } from "../../../shared/db/operators/mail-report.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { addOperator } from "../../../shared/testing/fixtures/operators.ts";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { mailsView } from "./mails-view.ts";

it("shows what became of mails, and why some were not taken, without an address", async () => {
  await using db = await openTestDatabase();
  const { pool } = db;
  const page = async () => mailsView(await readMailReport(pool)).toString();
  expect(await page()).toContain("There are none.");
  const [{ conversationId }, ana] = [await startConversation(pool), await addOperator(pool, "Ana")];
  await pool.query("update conversations set handoff_email = 'visitor@example.org' where id = $1", [conversationId]);
  const mail = (kind: string, state: string, fault: string | null, operatorId: string | null) =>
    pool.query(
      `insert into mails (id, kind, cause, conversation_id, operator_id, state, fault, failed_at)
       values ($1::uuid, $2, $1::text, $3, $4, $5, $6, case when $6::text is not null then now() end)`,
      [v7(), kind, conversationId, operatorId, state, fault],
    );
  await mail("answer", "refused", "550 at RCPT TO", null);
  await mail("visitor-waits", "due", "ECONNECTION at CONN", ana.id);
  await mail("answer", "sent", null, null);
  await mail("answer", "sent", null, null);
  const shown = (await page()).replaceAll(/\s+/g, " ");
  expect(shown).toContain("<td>…@example.org</td> <td>refused</td> <td>550 at RCPT TO</td>");
  expect(shown).toMatch(/<td>Ana<\/td> <td>tried again at [\d :-]+ UTC<\/td> <td>ECONNECTION at CONN<\/td>/);
  expect(shown).toContain(`<th scope="row">An answer, to visitors</th> <td>0</td><td>2</td><td>1</td>`);
  expect(shown).toContain(`href="/admin/conversations/${conversationId}"`);
  expect(shown).not.toContain("visitor@");
});
