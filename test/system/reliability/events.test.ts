import pg from "pg";
import { expect, it } from "vitest";
import { createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { echoOf } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

/** Reads a conversation's stream, from another process whenever one dies, until an event holds the text. */
async function followThroughDeaths(urls: () => readonly string[], path: string, last: string): Promise<string[]> {
  const seen: string[] = [];
  let lastId = "";
  for (let tries = 0; ; tries += 1) {
    const alive = urls();
    const url = alive[tries % alive.length];
    const headers = lastId === "" ? {} : { "Last-Event-ID": lastId };
    let rest = "";
    try {
      const response = await fetch(`${url}${path}`, { headers });
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const blocks = (rest + chunk).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const [, id] = /^id: (.*)$/m.exec(block) ?? [];
          lastId = id ?? lastId;
          seen.push(block);
          if (block.includes(last)) return seen;
        }
      }
    } catch {
      // The process died: the next one goes on.
    }
  }
}

/** Lists what a pattern finds in the events, each once: they are delivered at least once, in order. */
function unique(log: readonly string[], pattern: RegExp): string[] {
  return [...new Set(log.flatMap((block) => pattern.exec(block)?.[1] ?? []))];
}

onEachBackend("the log of events", { apis: 3 }, (product) => {
  it("loses nothing while the API processes that number and stream it are killed", { timeout: 90_000 }, async () => {
    const { apis, client, query, startApi } = product();
    const chat = await client.submit("The first");
    const path = `/api/conversations/${chat.conversationId}/events?access_token=${chat.token}&after=0`;
    const running = new Set(apis.map(({ url }) => url));
    const readers = Array.from({ length: 3 }, () => followThroughDeaths(() => [...running], path, "The last"));
    const killed = async (api: (typeof apis)[number] | undefined) => {
      running.delete(api?.url ?? "");
      await api?.kill();
      running.add((await startApi()).url);
    };
    const talk = async () => {
      await client.ended(chat);
      for (let n = 0; n < 12; n += 1) {
        await client.ended(await client.submit(n === 11 ? "The last" : `Message ${n}`, { to: chat }));
        // One of the processes that the messages are not sent to, at any point of its work.
        if (n === 2 || n === 6) await killed(apis[n === 2 ? 1 : 2]);
      }
    };
    const [logs] = await Promise.all([Promise.all(readers), talk()]);
    const messages = await query<{ id: string }>(
      "select id from messages where conversation_id = $1 and text <> $2 order by turn, sender desc",
      [chat.conversationId, echoOf("The last")],
    );
    const ends = await query<{ seq: number }>(
      "select seq from events where conversation_id = $1 and kind = 'job' order by seq",
      [chat.conversationId],
    );
    for (const log of logs) {
      expect(unique(log, /^event: message\n.*?"(?:id|messageId)":"([^"]+)"/m)).toEqual(messages.map(({ id }) => id));
      // A reader begins with the messages as they are then; from there on each change follows.
      const seen = unique(log, /^event: job\n.*"seq":(\d+)/m).map(Number);
      const from = ends.findIndex(({ seq }) => seq === seen[0]);
      expect(seen).toEqual(ends.slice(from, from + seen.length).map(({ seq }) => seq));
      expect(seen.length).toBeGreaterThan(20);
    }
    await eventually(
      "all are numbered",
      async () => (await query("select from events where pos is null")).length === 0,
    );
    const places = await query<{ pos: string }>("select pos from events order by conversation_id, seq");
    expect(new Set(places.map(({ pos }) => pos)).size).toBe(places.length);
  });

  it("does not wait for a transaction that another database of the server holds open", async () => {
    const { client, databaseUrl, query } = product();
    await using other = await createTestDatabase();
    expect(new URL(other.url).host).toBe(new URL(databaseUrl).host);
    const holder = new pg.Client({ connectionString: other.url });
    await holder.connect();
    try {
      await holder.query("begin");
      await holder.query("create table written (id int)");
      const chat = await client.submit("Meanwhile");
      await client.ended(chat);
      const path = `/api/conversations/${chat.conversationId}/events?access_token=${chat.token}&after=${chat.cursor}`;
      const log = await followThroughDeaths(() => [client.base], path, '"status":"completed"');
      expect(log.at(-1)).toContain("event: job");
      expect(await query("select from pg_stat_activity where state = 'idle in transaction'")).toHaveLength(1);
    } finally {
      await holder.end();
    }
  });
});
