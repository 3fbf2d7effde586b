// cspell:words thir
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import { deleteSource } from "../../../shared/db/knowledge/sources.ts";
import { followUp, startConversation, loseLease } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { addPages } from "../../../shared/testing/fixtures/site-pages.ts";
import { deliver } from "../deliver.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import { hangsAfter, openWorker, says, stopped, type TestWorker } from "../worker-fixture.testsuite.ts";
import { atomOf } from "./atoms.ts";

const pages = {
  "https://shop.example/returns": "Returns\nYou can send a teapot back within thirty days. It must be in its box.",
  "https://shop.example/delivery": "Delivery\nWe deliver within two working days. Delivery is free above fifty euros.",
  "https://shop.example/care": "Care\nRinse the teapot by hand. See https://evil.example/soap for soap.",
};
const question = "Can I send a teapot back within thirty days?";
const cited = `Yes, within thirty days.${atomOf(1)} Bye`;

interface StoredSource extends Record<string, unknown> {
  n: number;
  title: string;
  url: string;
  quote: string;
  begins: number;
  ends: number;
}

describe.each(jobStores)("replies from a site's knowledge, on $name", ({ available, openJobs }) => {
  let jobs: TestJobContext;
  beforeEach(async () => {
    if (available) jobs = await openJobs();
  });
  afterEach(() => jobs[Symbol.asyncDispose]());

  const query = async <Row extends Record<string, unknown>>(sql: string, values: unknown[] = []) =>
    (await jobs.db.pool.query<Row>(sql, values)).rows;
  const sourcesOf = (jobId: string) =>
    query<StoredSource>(
      `select n, title, url, quote, begins, ends from reply_sources
       join jobs on jobs.reply_id = reply_sources.message_id where jobs.id = $1 order by no`,
      [jobId],
    );
  const passagesOf = (jobId: string) =>
    query("select attempt, no, passage_id from reply_passages where job_id = $1 order by attempt, no", [jobId]);
  const endOf = async (jobId: string) => {
    const [end] = await query(
      "select provider, model, fallback, text from jobs join messages on messages.id = reply_id where jobs.id = $1",
      [jobId],
    );
    return end;
  };
  const unanswered = (messageId: string) =>
    query("select words from unanswered_questions where message_id = $1", [messageId]);

  function worker(stream?: Provider["stream"], options: Parameters<typeof openWorker>[1] = {}): TestWorker {
    const own = openWorker(jobs, { ...(stream && { stream }), upstream: "http://provider.test", ...options });
    onTestFinished(() => own.circuits.close());
    return own;
  }
  const withoutModel = (own: TestWorker): TestWorker => ({
    ...own,
    config: { ...own.config, COMPATIBLE_BASE_URL: undefined },
    providers: new Map([...own.providers].filter(([name]) => name === "preset")),
  });
  const ask = (text: string) => startConversation(jobs.db.pool, { text });

  it.runIf(available)("carry the citations of their text, whose passages were rows before it", async () => {
    await addPages(jobs.db.pool, pages);
    const job = await ask(question);
    const asked: ProviderRequest[] = [];
    const stream: Provider["stream"] = async function* (request) {
      asked.push(request);
      expect((await passagesOf(job.id)).length).toBe(request.passages?.length);
      yield* says("Yes, within thir", `ty days.${atomOf(1)}`, " Bye");
    };
    await deliver(worker(stream), job.id);
    expect(asked[0]?.passages?.[0]).toMatchObject({ title: "Returns", text: pages["https://shop.example/returns"] });
    const { replyText } = (await readJob(jobs.db.pool, job.id)) ?? {};
    expect(replyText).toBe("Yes, within thirty days. Bye");
    const [source, ...others] = await sourcesOf(job.id);
    expect(others).toEqual([]);
    expect(source).toMatchObject({
      n: 1,
      title: "Returns",
      quote: "You can send a teapot back within thirty days.",
      begins: 0,
      ends: "Yes, within thirty days.".length,
    });
    expect(source?.url).toContain("https://shop.example/returns#:~:text=You%20can%20send%20a%20teapot%20back%20within");
    expect(await query("select from draft_sources")).toEqual([]);
  });

  it.runIf(available)("are made as ever where a site has no knowledge, or none for their assistant", async () => {
    const asked: ProviderRequest[] = [];
    const own = worker((request) => {
      asked.push(request);
      return says("An [1] answer.");
    });
    await deliver(own, (await ask(question)).id);
    await addPages(jobs.db.pool, pages, { assistants: ["another"] });
    await deliver(own, (await ask(question)).id);
    expect(asked.map(({ passages }) => passages)).toEqual([undefined, undefined]);
    expect(await query("select from reply_passages")).toEqual([]);
  });

  it.runIf(available)("do not wait for knowledge that cannot be read", async () => {
    await addPages(jobs.db.pool, pages);
    const own = worker();
    vi.spyOn(own.knowledge, "load").mockRejectedValue(new Error("no such module"));
    const job = await ask(question);
    await deliver(own, job.id);
    expect(await readJob(jobs.db.pool, job.id)).toMatchObject({ replyText: "An answer." });
  });

  it.runIf(available)("note their citations while they grow, and a reply that begins again drops them", async () => {
    await addPages(jobs.db.pool, pages);
    const job = await ask(question);
    const noted = () => query("select attempt, n, ends from draft_sources where job_id = $1", [job.id]);
    let calls = 0;
    const stream: Provider["stream"] = async function* () {
      calls += 1;
      yield { type: "delta", text: calls === 1 ? `Old words.${atomOf(2)} ` : cited };
      await expect
        .poll(noted)
        .toMatchObject([calls === 1 ? { attempt: 1, n: 1, ends: 10 } : {}, { attempt: 2, n: 1 }].slice(0, calls));
      if (calls === 1) throw new TypeError("it broke");
      yield* says("!");
    };
    const next: Provider = { name: "openai", upstream: "http://other.test", stream };
    await deliver(worker(stream, { next }), job.id);
    expect(await sourcesOf(job.id)).toMatchObject([{ n: 1, title: "Returns", ends: 24 }]);
    expect(new Set((await passagesOf(job.id)).map(({ attempt }) => attempt))).toEqual(new Set([1, 2]));
    expect(await noted()).toEqual([]);
  });

  it.runIf(available)("keep the citations of the text that stays when they are cancelled", async () => {
    await addPages(jobs.db.pool, pages);
    const job = await ask(question);
    const own = worker((_, signal) => hangsAfter(`${cited}.${atomOf(2)}`, signal));
    const delivered = deliver(own, job.id);
    await expect.poll(() => jobs.live.readDraft(job.id, 1, 0)).toBeDefined();
    await query("update jobs set cancel_requested_at = now() where id = $1", [job.id]);
    await own.leases.hearCancel(job.id);
    await delivered;
    expect(await readJob(jobs.db.pool, job.id)).toMatchObject({ status: "cancelled" });
    expect(await sourcesOf(job.id)).toMatchObject([
      { n: 1, ends: 24 },
      { n: 2, begins: 25, ends: 29 },
    ]);
  });

  it.runIf(available)("have the citations of the run that stored them, not those of one that died", async () => {
    await addPages(jobs.db.pool, pages);
    const job = await ask(question);
    const release = Promise.withResolvers<void>();
    const dead = worker(async function* (_, signal) {
      yield { type: "delta", text: `Dead words.${atomOf(2)}` };
      await Promise.race([release.promise, stopped(signal)]);
      yield* says(" More.");
    });
    const died = deliver(dead, job.id);
    await expect.poll(() => query("select from draft_sources")).toHaveLength(1);
    await loseLease(jobs.db.pool, job.id);
    await deliver(
      worker(() => says(cited)),
      job.id,
    );
    release.resolve();
    await died;
    expect(await sourcesOf(job.id)).toMatchObject([{ n: 1, title: "Returns" }]);
    expect(await query("select from draft_sources")).toEqual([]);
  });

  it.runIf(available)("blank a source that was deleted meanwhile", async () => {
    const sourceId = await addPages(jobs.db.pool, pages);
    const job = await ask(question);
    await deliver(
      worker(async function* () {
        yield { type: "delta", text: cited };
        await deleteSource(jobs.db.pool, { siteId: "default", sourceId });
        yield* says("!");
      }),
      job.id,
    );
    expect(await sourcesOf(job.id)).toMatchObject([{ n: 1, title: "", url: "", quote: "" }]);
  });

  it.runIf(available)("say what they do not know, and the question is noted once for all its forms", async () => {
    await addPages(jobs.db.pool, pages);
    const own = worker(() => says(`I do not know.${atomOf(0)}`));
    const first = await ask("Do you ship to Norway?");
    await deliver(own, first.id);
    const second = await followUp(jobs.db.pool, first.conversationId, { text: "to NORWAY, do you ship" });
    await deliver(own, second.id);
    const [[one], [other]] = [await unanswered(first.messageId), await unanswered(second.messageId)];
    expect(one?.["words"]).toEqual(other?.["words"]);
    expect(await readJob(jobs.db.pool, first.id)).toMatchObject({ replyText: "I do not know." });
    const answered = await ask(question);
    await deliver(
      worker(() => says(cited)),
      answered.id,
    );
    expect(await unanswered(answered.messageId)).toEqual([]);
  });

  it.runIf(available)(
    "are sentences of the pages without a model, with their citations and filtered links",
    async () => {
      await addPages(jobs.db.pool, pages);
      const own = withoutModel(worker());
      const job = await ask(question);
      await deliver(own, job.id);
      expect(await endOf(job.id)).toMatchObject({ provider: "preset", model: "passages", fallback: true });
      const { replyText = "" } = (await readJob(jobs.db.pool, job.id)) ?? {};
      expect(replyText).toContain("You can send a teapot back within thirty days.");
      const sources = await sourcesOf(job.id);
      expect(sources[0]).toMatchObject({ n: 1, title: "Returns", begins: 0, ends: 46 });
      const [assistant] = own.assistants.values();
      if (!assistant) throw new Error("there is one");
      const strict = {
        ...own,
        assistants: new Map([["default", { ...assistant, allowedLinkHosts: ["shop.example"] }]]),
      };
      const soap = await ask("Where is soap to rinse?");
      await deliver(strict, soap.id);
      const { replyText: care } = (await readJob(jobs.db.pool, soap.id)) ?? {};
      expect(care).toContain("(link removed)");
      expect(care).not.toContain("evil");
    },
  );

  it.runIf(available)("are presets without a model where nothing is sure, and only questions are noted", async () => {
    await addPages(jobs.db.pool, pages);
    const own = withoutModel(worker());
    const job = await ask("Do you sell bicycles for children?");
    await deliver(own, job.id);
    expect(await endOf(job.id)).toMatchObject({ model: "preset", text: "A canned reply." });
    expect(await unanswered(job.messageId)).toHaveLength(1);
    const hello = await ask("hello");
    await deliver(own, hello.id);
    expect(await unanswered(hello.messageId)).toEqual([]);
  });

  it.runIf(available)("are sentences of the pages when every provider is down", async () => {
    await addPages(jobs.db.pool, pages);
    const own = worker(() => {
      throw new TypeError("down");
    });
    const providers = new Map([...own.providers].filter(([name]) => name !== "preset"));
    const job = await ask(question);
    await deliver({ ...own, providers }, job.id);
    expect(await endOf(job.id)).toMatchObject({ model: "passages", fallback: true });
    expect(await sourcesOf(job.id)).not.toEqual([]);
  });
});
