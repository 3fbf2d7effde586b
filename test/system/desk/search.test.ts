import { randomUUID } from "node:crypto";
import { beforeAll, expect, it } from "vitest";
import { foundPage, type FoundPage, type TroubleFilter } from "../../../shared/protocol/people/search.ts";
import type { JobRef } from "../harness/api-client.ts";
import { askDesk, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

onSharedProducts("a search of the desk", (product) => {
  let reader: OperatorHeaders;
  beforeAll(async () => {
    reader = await makeOperator(product(), "Rea", "reader");
  });
  const ask = (query: Record<string, string>) =>
    askDesk(product().client, `/search?${new URLSearchParams(query).toString()}`, reader);
  const search = async (query: Record<string, string>): Promise<FoundPage> => foundPage.parse((await ask(query)).body);
  const idsOf = async (query: Record<string, string>) => (await search(query)).conversations.map(({ id }) => id);
  const converse = async (message: string, metadata: Record<string, string> = {}): Promise<JobRef> => {
    const chat = await product().client.submit({ message, metadata });
    await product().client.ended(chat);
    return chat;
  };

  it("finds a conversation by words of either side, by its metadata and by every id, once each", async () => {
    const word = randomUUID().slice(0, 8);
    const said = await converse(`My 100% ${word} is late`, { page: `/${word}` });
    const described = await converse("Hello", { name: `Ana ${word.toUpperCase()}` });
    const { conversations, nextBefore } = await search({ q: `  ${word} ` });
    expect(nextBefore).toBeUndefined();
    // Metadata alone first; the message, its echo and the page it was said on are one conversation.
    expect(conversations.map(({ id, match }) => [id, match])).toEqual([
      [described.conversationId, { excerpt: `name: Ana ${word.toUpperCase()}` }],
      [said.conversationId, { excerpt: `You said: My 100% ${word} is late` }],
    ]);
    expect(conversations[1]).toMatchObject({ handledBy: "ai", channel: "api", unseen: true });
    expect(await idsOf({ q: `100% ${word}` })).toEqual([said.conversationId]);
    expect(await idsOf({ q: `100_ ${word}` })).toEqual([]);
    // Names of metadata are on every page.
    expect(await idsOf({ q: "name: Ana" })).not.toContain(described.conversationId);
    const [job] = await product().query<{ messageId: string; replyId: string; requestId: string }>(
      `select message_id as "messageId", reply_id as "replyId", request_id as "requestId" from jobs where id = $1`,
      [said.jobId],
    );
    for (const id of [said.conversationId, said.jobId, job?.messageId, job?.replyId, job?.requestId])
      expect([id, await idsOf({ q: id ?? "" })]).toEqual([id, [said.conversationId]]);
    await product().query("update jobs set request_id = $2 where id = $1", [said.jobId, `edge:${word}`]);
    expect(await idsOf({ q: `edge:${word}` })).toEqual([said.conversationId]);
    const line = new RegExp(`"audit":"search",.*"operator":"Rea","conversationIds":\\["${described.conversationId}"`);
    await eventually("the audit's line", () => line.test(product().output()));
    await product().client.deleteConversation(said);
    expect(await idsOf({ q: said.conversationId })).toEqual([]);
  });

  it("filters what went otherwise than it should, with its reason", async () => {
    const { client, provider, query } = product();
    const word = randomUUID().slice(0, 8);
    const down = { status: 400, body: "{}" };
    const broken = { status: 500, body: "{}" };
    provider.answer(`Nobody answers ${word}`, down, down, down);
    provider.answer(`It answers late ${word}`, broken);
    const apology = await converse(`Nobody answers ${word}`);
    const late = await converse(`It answers late ${word}`);
    const other = await converse(`Another answers ${word}`);
    const failed = await converse(`It fails ${word}`);
    const rated = await converse(`It is wrong ${word}`);
    await query("update messages set fallback = true where id = (select reply_id from jobs where id = $1)", [
      other.jobId,
    ]);
    await query("update jobs set status = 'failed', error_code = 'deadline' where id = $1", [failed.jobId]);
    const { reply } = await client.job(rated);
    await client.request(`/api/messages/${reply?.id}/feedback`, {
      method: "POST",
      token: rated.token,
      body: { rating: "down", reason: "wrong", comment: "That was last year" },
    });
    const mine: Record<TroubleFilter, [JobRef, RegExp][]> = {
      failed: [[failed, /"reason":"deadline: the calls took longer/]],
      failed_call: [
        [late, /"reason":"overloaded: the provider is overloaded/],
        [apology, /"reason":"rejected: the provider rejects/],
      ],
      apology: [[apology, /"reason":"rejected: the provider rejects/]],
      other_provider: [[other, /^\{\}$/]],
      down: [[rated, /"excerpt":"wrong: That was last year"/]],
    };
    const own = new Set([apology, late, other, failed, rated].map(({ conversationId }) => conversationId));
    for (const [filter, expected] of Object.entries(mine)) {
      const { conversations } = await search({ filter });
      const found = conversations.filter(({ id }) => own.has(id));
      const ids = expected.map(([{ conversationId }]) => conversationId);
      expect([filter, found.map(({ id }) => id)]).toEqual([filter, ids]);
      for (const [place, [, match]] of expected.entries()) expect(JSON.stringify(found[place]?.match)).toMatch(match);
      // With a text, those alone that meet both.
      expect([filter, await idsOf({ filter, q: word })]).toEqual([filter, ids]);
      expect([filter, await idsOf({ filter, q: `no ${word}` })]).toEqual([filter, []]);
    }
  });

  it("goes on page by page, and finds each conversation once", async () => {
    const word = randomUUID().slice(0, 8);
    await product().query(
      `with many as (
         insert into conversations (id, assistant_type, next_turn, message_count)
         select gen_random_uuid(), 'default', 2, 1 from generate_series(1, 120) returning id
       )
       insert into messages (id, conversation_id, turn, sender, text)
       select gen_random_uuid(), id, 1, 'user', $1 from many`,
      [word],
    );
    const ids: string[] = [];
    let before: string | undefined;
    do {
      const page = await search({ q: word, ...(before !== undefined && { before }) });
      expect(page.conversations.length).toBeLessThanOrEqual(50);
      ids.push(...page.conversations.map(({ id }) => id));
      before = page.nextBefore;
    } while (before !== undefined);
    expect(ids).toHaveLength(120);
    expect(new Set(ids).size).toBe(120);
    await product().query(
      "delete from conversations using messages where conversation_id = conversations.id and text = $1",
      [word],
    );
  });

  it("sees nothing of another site", async () => {
    const chat = await converse("Secret of another site");
    await product().query("update conversations set site_id = 'other' where id = $1", [chat.conversationId]);
    expect(await idsOf({ q: "secret of ANOTHER site" })).toEqual([]);
    expect(await idsOf({ q: chat.jobId })).toEqual([]);
    await product().query("update conversations set site_id = 'default' where id = $1", [chat.conversationId]);
    expect(await idsOf({ q: chat.jobId })).toEqual([chat.conversationId]);
  });

  it("refuses what it cannot look for, and says why", async () => {
    const refused: [Record<string, string>, string][] = [
      [{}, "q: must not be empty without a `filter`"],
      [{ q: "  " }, "q: must not be empty without a `filter`"],
      [{ q: "x".repeat(201) }, "q: must have at most 200 characters"],
      [{ q: "\0" }, "q: must not contain U+0000"],
      [{ filter: "lost" }, "filter: "],
      [{ q: "x", before: "7" }, "before: must be the nextBefore of a list"],
    ];
    for (const [query, said] of refused) {
      const { status, text } = await ask(query);
      expect([query, status, text.includes(said)]).toEqual([query, 400, true]);
    }
  });
});
