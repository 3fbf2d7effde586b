import { randomUUID } from "node:crypto";
import { afterEach, expect, it } from "vitest";
import { createClient, ServiceError } from "../../packages/client/source/client.ts";
import { echoOf } from "../system/harness/scripted-provider.ts";
import { onSharedProducts } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";

onSharedProducts("cards of actions, from the service itself", (product) => {
  let pages: ChatPage[] = [];
  const open = (browser = new FakeBrowser()) => {
    const page = new ChatPage(browser, product().client.base, { shown: true });
    pages.push(page);
    return page;
  };
  const client = () => createClient({ server: product().client.base });
  /** Has the newest reply of a conversation propose an action. */
  const propose = async (conversationId: string, title: string, minutes = 60): Promise<string> => {
    const id = randomUUID();
    await product().query(
      `insert into actions (id, conversation_id, job_id, no, tool, version, hash, arguments, title, lines, expires_at)
       select $1, conversation_id, id, (select count(*) from actions where job_id = jobs.id), 'cancel_order', '1', '\\x00', '{}', $3,
              '[{"label": "Order", "value": "1042"}]', now() + make_interval(mins => $4)
       from jobs where conversation_id = $2 order by turn desc limit 1`,
      [id, conversationId, title, minutes],
    );
    return id;
  };
  afterEach(() => {
    for (const page of pages) page.chat.close();
    pages = [];
  });

  it("are there after a reload, each by itself, and a no becomes a message with a reply", async () => {
    const browser = new FakeBrowser();
    const first = open(browser);
    first.chat.send("Cancel it");
    await first.untilLines("> Cancel it", `< ${echoOf("Cancel it")}`);
    const id = first.chat.state.conversationId ?? "";
    const [cancel, refund] = [await propose(id, "Cancel it all"), await propose(id, "Refund it")];
    first.chat.close();
    const [page, other] = [open(browser), open(browser)];
    await page.until("both wait", ({ actions }) => actions.length === 2);
    const [card] = page.chat.state.actions;
    expect(card).toMatchObject({ id: cancel, title: "Cancel it all", lines: [{ label: "Order", value: "1042" }] });
    expect(card?.messageId).toBe(page.chat.state.messages[0]?.id);
    page.chat.answerAction(cancel, false);
    const answer = "No: Cancel it all";
    // Nothing declares this tool here, so no model can be told.
    const told = "Nothing was changed: Cancel it all.";
    await page.untilLines("> Cancel it", `< ${echoOf("Cancel it")}`, `> ${answer}`, `< ${told}`);
    const states = ({ chat }: ChatPage) => chat.state.actions.map(({ state }) => state).join();
    expect(states(page)).toBe("refused,waiting");
    await other.until("it is refused in the other tab, too", () => states(other) === "refused,waiting");
    // For the same reason it cannot be confirmed.
    page.chat.answerAction(refund, true);
    await page.until("it is refused by name", ({ answers }) => answers[refund]?.problem === "tool-changed");
    expect(states(page)).toBe("refused,waiting");
  });

  it("take the same answer again, and no other one", async () => {
    const accepted = await client().submit({ message: "Cancel it" });
    for await (const progress of client().follow(accepted)) if (progress.type === "done") break;
    const { conversationId, token } = accepted;
    const [id, late] = [await propose(conversationId, "Cancel"), await propose(conversationId, "Too late", -1)];
    const first = await client().answerAction({ id, token }, false);
    expect((await client().answerAction({ id, token }, false)).jobId).toBe(first.jobId);
    expect(await refusalOf(client().answerAction({ id, token }, true))).toMatchObject({
      code: "answered",
      status: 409,
    });
    const over = await refusalOf(client().answerAction({ id: late, token }, true));
    expect(over).toMatchObject({ status: 410, state: "expired", passing: false, gone: false });
    const { actions } = await client().conversation(accepted);
    expect(actions?.map(({ title }) => title)).toEqual(["Cancel", "Too late"]);
  });
});

async function refusalOf(answer: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await answer.catch((refused: unknown) => refused);
  if (error instanceof ServiceError) return error;
  throw new Error("The answer was taken.");
}
