import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createParser } from "eventsource-parser";
import type pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { assistantsPath } from "../../../shared/assistants/assistants.ts";
import { splitSentences } from "../../../shared/knowledge/passages/sentences.ts";
import { addPages } from "../../../shared/testing/fixtures/site-pages.ts";
import { message, type MessageView } from "../../../shared/protocol/conversation.ts";
import { operatorJob } from "../../../shared/protocol/knowledge/retrieved-passage.ts";
import { unansweredList } from "../../../shared/protocol/knowledge/unanswered.ts";
import type { ApiClient, ConversationRef } from "../harness/api-client.ts";
import { askDesk, makeOperator } from "../harness/operators.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { onBackendsSideBySide } from "../harness/suite.ts";
import { openTestPool } from "../../../shared/testing/stores/postgres.ts";

const returns = "You can send a teapot back within thirty days.";
const pages = {
  "https://shop.example/returns": `Returns\n${returns} It must be in its box.`,
  "https://shop.example/delivery": "Delivery\nWe deliver within two working days. Delivery is free above fifty euros.",
};

onBackendsSideBySide("replies from a site's knowledge", { workers: 0, ownConfig: true }, (product) => {
  let pool: pg.Pool;
  let workers: ServiceProcess[];
  beforeAll(async () => {
    await fallBackToPresets(join(product().folder ?? "", assistantsPath));
    workers = [await product().startWorker(), await product().startWorker()];
    pool = openTestPool(product().databaseUrl, 1);
    await addPages(pool, pages);
  });
  afterAll(() => pool.end());

  it("come with their sources, whose offsets lie on sentences, and have no marks", { timeout: 60_000 }, async () => {
    const { client, provider } = product();
    const question = "Can I send the teapot back within thirty days?";
    provider.answer(question, {
      steps: ["Größe M: thirty", " days [", "1]. ", "😀 In its box.", "[1] Not `a[1]`."],
    });
    const job = await client.submit(question);
    const { messages } = (await provider.called(question)).request;
    expect(messages.at(-1)?.text).toMatch(/<passages>\n.*"title":"Returns".*\n<\/passages>\n\nCan I send the teapot/s);
    const { reply } = await client.ended(job);
    const text = "Größe M: thirty days. 😀 In its box. Not `a[1]`.";
    expect(reply?.text).toBe(text);
    const bytes = Buffer.from(text);
    const spans = (reply?.sources ?? []).map(({ start, end }) => bytes.toString("utf8", start, end));
    expect(spans).toEqual(["Größe M: thirty days", "😀 In its box."]);
    expect(splitSentences(text).map(({ start }) => start)).toContain(text.indexOf("😀"));
    expect(reply?.sources[0]).toMatchObject({ n: 1, title: "Returns", quote: returns });
    expect(reply?.sources[0]?.url).toContain("https://shop.example/returns#:~:text=");
  });

  it(
    "are followed with the sources that are stored, though a worker is killed in between",
    { timeout: 90_000 },
    async () => {
      const { client, provider } = product();
      const question = "Is delivery free above fifty euros, and must it be in its box?";
      const held = heldReply("Killed.[1] Words ");
      provider.answer(question, held.script, { steps: ["It is free.", "[1]"] });
      const job = await client.submit(question);
      const messages = followMessages(client, job);
      const stream = await client.events(job);
      await stream.until(({ sources }) => sources.length === 1);
      const [run] = await product().query<{ worker: string }>("select worker from runs where job_id = $1", [job.jobId]);
      const holder = workers.find(({ pid }) => run?.worker.endsWith(`:${pid}`));
      await holder?.kill();
      await stream.ended;
      const names = stream.names.filter((name) => name === "source" || name === "reset");
      expect(names).toEqual(["source", "reset", "source"]);
      held.release();
      const { reply } = await client.job(job);
      expect(reply).toMatchObject({ text: "It is free.", sources: [{ n: 1, title: "Delivery", start: 0, end: 11 }] });
      expect(stream.text).toBe(reply?.text);
      expect(stream.sources).toEqual(reply?.sources.map(({ n, title, url, end }) => ({ n, title, url, offset: end })));
      expect((await messages).find(({ sender }) => sender === "ai")?.sources).toEqual(reply?.sources);
      const passages = await product().query("select distinct attempt from reply_passages where job_id = $1", [
        job.jobId,
      ]);
      expect(passages).toHaveLength(2);
      expect(await product().query("select from draft_sources where job_id = $1", [job.jobId])).toEqual([]);
      const seen = await askDesk(client, `/jobs/${job.jobId}`, await makeOperator(product(), "Rea", "reader"));
      expect(operatorJob.parse(seen.body).passages).toEqual([
        { no: 1, title: "Delivery", url: "https://shop.example/delivery", heading: "", cited: true, removed: false },
        { no: 2, title: "Returns", url: "https://shop.example/returns", heading: "", cited: false, removed: false },
      ]);
    },
  );

  it(
    "that find nothing put the question on the list of operators, an outage does not",
    { timeout: 60_000 },
    async () => {
      const { client, provider } = product();
      const [mia, reader] = [await makeOperator(product(), "Mia"), await makeOperator(product(), "Rea", "reader")];
      const listed = async () => {
        const { body } = await askDesk(client, "/knowledge/unanswered", reader);
        return unansweredList.parse(body).questions;
      };
      const asked = await Promise.all(
        ["Do you sell bicycles for children?", "do you sell bicycles, for children"].map(async (question) => {
          provider.answer(question, { steps: ["I do not know.", "[0]"] });
          const job = await client.submit(question);
          expect((await client.ended(job)).reply).toMatchObject({ text: "I do not know.", sources: [] });
          return { conversationId: job.conversationId, messageId: job.messageId };
        }),
      );
      const [group, ...others] = await listed();
      expect(others).toEqual([]);
      expect(group?.count).toBe(2);
      expect(group?.messages).toEqual(expect.arrayContaining(asked));
      expect(group?.sample).toMatch(/^do you sell bicycles/i);

      const path = `/knowledge/unanswered/${group?.id}`;
      expect((await askDesk(client, path, reader, { method: "DELETE" })).status).toBe(403);
      expect((await askDesk(client, path, mia, { method: "DELETE" })).status).toBe(204);
      expect((await askDesk(client, path, mia, { method: "DELETE" })).status).toBe(404);
      expect(await listed()).toEqual([]);

      const lost = "Were umbrellas invented in Lisbon?";
      provider.answer(lost, ...Array.from({ length: 9 }, () => ({ status: 401, body: "{}" })));
      const { reply } = await client.ended(await client.submit(lost));
      expect(reply).toMatchObject({ fallback: true, sources: [] });
      expect(await listed()).toEqual([]);
    },
  );
});

/** Messages of a conversation as its stream shows them, until the assistant has replied. */
async function followMessages({ base }: ApiClient, { conversationId, token }: ConversationRef): Promise<MessageView[]> {
  const leaving = new AbortController();
  const url = `${base}/api/conversations/${conversationId}/events?after=0&access_token=${token}`;
  const response = await fetch(url, { signal: leaving.signal });
  const messages: MessageView[] = [];
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === "message") messages.push(message.parse(JSON.parse(data)));
    },
  });
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    parser.feed(chunk);
    if (messages.some(({ sender }) => sender === "ai")) break;
  }
  leaving.abort();
  return messages;
}

/** Lets the presets of the shop's assistant answer while its model is down. */
async function fallBackToPresets(path: string): Promise<void> {
  const file = JSON.parse(await readFile(path, "utf8")) as { assistants: { default: Record<string, unknown> } };
  file.assistants.default["fallback"] = ["preset"];
  await writeFile(path, JSON.stringify(file));
}
