import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { splitSentences } from "../../../shared/knowledge/passages/sentences.ts";
import { addPages } from "../../../shared/testing/fixtures/site-pages.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

const returns = "You can send a teapot back within thirty days.";
const pages = {
  "https://shop.example/returns": `Returns\n${returns} It must be in its box.`,
  "https://shop.example/delivery": "Delivery\nWe deliver within two working days. Delivery is free above fifty euros.",
};

onEachBackend("replies from a site's knowledge", { workers: 2 }, (product) => {
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: product().databaseUrl, max: 1 });
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

  it("have the sources of the run that ended, after its worker was killed", { timeout: 90_000 }, async () => {
    const { client, provider, workers } = product();
    const question = "Is delivery free above fifty euros?";
    const held = heldReply("Killed.[1] Words ");
    provider.answer(question, held.script, { steps: ["It is free.", "[1]"] });
    const job = await client.submit(question);
    await eventually("its first citation is noted", async () => {
      const rows = await product().query("select from draft_sources where job_id = $1", [job.jobId]);
      return rows.length === 1;
    });
    const [run] = await product().query<{ worker: string }>("select worker from runs where job_id = $1", [job.jobId]);
    const holder = workers.find(({ pid }) => run?.worker.endsWith(`:${pid}`));
    await holder?.kill();
    const { reply } = await client.ended(job);
    held.release();
    expect(reply).toMatchObject({ text: "It is free.", sources: [{ n: 1, title: "Delivery", start: 0, end: 11 }] });
    const passages = await product().query("select distinct attempt from reply_passages where job_id = $1", [
      job.jobId,
    ]);
    expect(passages).toHaveLength(2);
    expect(await product().query("select from draft_sources where job_id = $1", [job.jobId])).toEqual([]);
  });
});
