import { createParser } from "eventsource-parser";
import { beforeAll, describe, expect, it } from "vitest";
import { inbox, type InboxView } from "../../../shared/protocol/operator.ts";
import type { ConversationRef } from "../harness/api-client.ts";
import { askDesk, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

interface Received {
  event: string | undefined;
  id: string | undefined;
  data: { conversationId?: string; seq?: number; [name: string]: unknown };
}

/** A console's stream: it goes on from its last id when it is opened again. */
class ConsoleStream {
  readonly received: Received[] = [];
  lastId: string;
  #leaving = new AbortController();

  constructor(cursor: string) {
    this.lastId = cursor;
  }

  /** Reads until the response ends, or the connection is lost. */
  async read(base: string, headers: OperatorHeaders): Promise<void> {
    this.#leaving = new AbortController();
    const response = await fetch(`${base}/api/operator/inbox/events`, {
      headers: { ...headers, "last-event-id": this.lastId },
      signal: this.#leaving.signal,
    });
    if (response.status !== 200) throw new Error(`expected 200, got ${response.status}`);
    const parser = createParser({
      onEvent: ({ event, id, data }) => {
        this.received.push({ event, id, data: JSON.parse(data) as Received["data"] });
        this.lastId = id ?? this.lastId;
      },
    });
    const readAll = async () => {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) parser.feed(text);
    };
    // The connection is lost when its process is killed, or the console leaves.
    await readAll().catch(() => undefined);
  }

  leave(): void {
    this.#leaving.abort();
  }

  has(conversationId: string, seq: number): boolean {
    return this.received.some(({ data }) => data.conversationId === conversationId && data.seq === seq);
  }
}

onEachBackend("the inbox", { apis: 2, workers: 1, gated: true }, (product) => {
  let mia: OperatorHeaders;
  beforeAll(async () => {
    mia = await makeOperator(product(), "Mia");
  });
  const list = async (query: string) => inbox.parse((await askDesk(product().client, `/inbox${query}`, mia)).body);
  const converse = async (message: string) => {
    const { client } = product();
    const chat = await client.submit(message);
    await client.ended(chat);
    return chat;
  };
  /** Every event of the log after a cursor, as ids. */
  const logged = async (cursor: string) => {
    const [pos, mark] = cursor.split("-");
    const rows = await product().query<{ id: string }>(
      "select pos || '-' || $2 as id from events where pos > $1 order by pos",
      [pos, mark],
    );
    return rows.map(({ id }) => id);
  };

  describe("as a list", () => {
    it("has each conversation in its views, page by page", async () => {
      const chats: ConversationRef[] = [];
      for (const message of ["first", "second", "third"]) chats.push(await converse(message));
      const [first, second, third] = chats.map(({ conversationId }) => conversationId);
      const all = await list("?limit=3");
      expect(all.conversations.map(({ id }) => id)).toEqual([third, second, first]);
      expect(all.conversations[0]).toMatchObject({
        handledBy: "ai",
        channel: "api",
        assistantType: "default",
        lastMessage: { sender: "ai", text: "You said: third" },
        unseen: true,
        activeJobId: null,
      });
      const page = await list("?limit=2");
      expect((await list(`?limit=2&before=${page.nextBefore}`)).conversations[0]?.id).toBe(first);
      const me = (await askDesk(product().client, "/me", mia)).body as { id: string };
      await product().query(
        `update conversations set handled_by = 'waiting', waiting_since = now() - case id when $1 then interval '1 h' else '1 min' end
         where id in ($1, $2)`,
        [third, first],
      );
      await product().query("update conversations set closed_at = now() where id = $1", [second]);
      const idsOf = async (view: InboxView) => (await list(`?view=${view}`)).conversations.map(({ id }) => id);
      expect(await idsOf("waiting")).toEqual([third, first]);
      expect(await idsOf("closed")).toEqual([second]);
      expect(await idsOf("mine")).toEqual([]);
      await product().query(
        "update conversations set handled_by = 'operator', operator_id = $2, waiting_since = null where id = $1",
        [first, me.id],
      );
      expect(await idsOf("mine")).toEqual([first]);
      expect((await list("?view=mine")).conversations[0]?.operator).toEqual({ id: me.id, name: "Mia" });
      await product().query(
        "update conversations set handled_by = 'ai', operator_id = null, waiting_since = null, closed_at = null",
      );
    });

    it.each(["?limit=0", "?view=lost", "?before=7", "?before=2026-13-45T00:00:00.000000Z_x", "?limit[]=1"])(
      "refuses %s",
      async (query) => {
        expect((await askDesk(product().client, `/inbox${query}`, mia)).status).toBe(400);
      },
    );
  });

  it("has a stream that misses nothing when its process is killed and another one goes on", async () => {
    const { cursor } = await list("");
    const stream = new ConsoleStream(cursor);
    const doomed = await product().startApi();
    const reading = stream.read(doomed.url, mia);
    const chat = await converse("before");
    await eventually("the first reply is there", () => stream.has(chat.conversationId, 4));
    const during = product().client.submit("meanwhile", { to: chat });
    await doomed.kill();
    await reading;
    await during;
    const next = stream.read(product().apis[1]?.url ?? "", mia);
    const last = await converse("after");
    await eventually(
      "the last reply is there",
      () => stream.has(last.conversationId, 4) && stream.has(chat.conversationId, 8),
    );
    stream.leave();
    await next;
    const ids = stream.received.flatMap(({ id }) => id ?? []);
    // At least once: what came twice is the same event.
    expect([...new Set(ids)]).toEqual(await logged(cursor));
  });

  it("has a stream that outlives an outage of PostgreSQL, and asks new ones to come again meanwhile", async () => {
    const { client, apis, gate } = product();
    const { cursor } = await list("");
    const stream = new ConsoleStream(cursor);
    const base = apis[1]?.url ?? "";
    const first = stream.read(base, mia);
    const chat = await converse("before");
    await eventually("the reply is there", () => stream.has(chat.conversationId, 4));
    await gate?.shut();
    const away = new ConsoleStream(stream.lastId);
    await away.read(base, mia);
    expect(away.received.map(({ event }) => event)).toEqual(["wait"]);
    await gate?.reopen();
    await eventually("the API is back", async () => (await client.request("/readyz")).status === 200, 30_000);
    const after = await eventually("a message is accepted", () => converse("after").catch(() => undefined), 30_000);
    await eventually("its reply is there", () => stream.has(after.conversationId, 4));
    stream.leave();
    await first;
    const ids = stream.received.flatMap(({ id }) => id ?? []);
    expect([...new Set(ids)]).toEqual(await logged(cursor));
  });
});
