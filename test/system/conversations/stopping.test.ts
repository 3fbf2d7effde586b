import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ApiClient } from "../harness/api-client.ts";
import { echoOf, heldReply, messageOf } from "../harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";
import { findText, withRedis } from "../harness/find-text.ts";

/** A deleted text may be in a store for so long. */
const erasedWithinSeconds = 120;
/** How often stale drafts are looked for, at the least. */
const sweepSeconds = 20;

/** A second, by the contract, on a machine that may be busy. */
const abortLimitMs = 2500;

onSharedProducts("stopping", (product) => {
  const otherApi = () => new ApiClient(product().apis[1]?.url ?? "");

  describe("a job", () => {
    it("that waits ends it at once, and the next one moves up", async () => {
      const { client, provider } = product();
      const { script, release } = heldReply("held");
      provider.answer("in front", script);
      const front = await client.submit("in front");
      const waiting = await client.submit("never asked", { to: front });
      const last = await client.submit("behind it", { to: front });
      const stream = await client.events(waiting);

      const answer = await otherApi().cancel(waiting);
      expect(answer).toMatchObject({ status: 200, body: { status: "cancelled", error: { code: "cancelled" } } });
      await stream.ended;
      expect(stream.names.at(-1)).toBe("cancelled");
      expect(stream.text).toBe("");
      expect((await client.cancel(waiting)).status).toBe(409);
      release();
      await client.ended(last);
      expect(provider.calls.some((call) => messageOf(call) === "never asked")).toBe(false);
      expect((await client.history(front)).messages.map(({ text }) => text)).toEqual([
        "in front",
        "held",
        "never asked",
        "behind it",
        echoOf("behind it"),
      ]);
    });

    it("that is being answered ends the call, and stores the text so far as the reply", async () => {
      const { client, provider } = product();
      const { script } = heldReply("This much, é😀", " and never more");
      provider.answer("stop in the middle", script);
      const chat = await client.submit("stop in the middle");
      const call = await provider.called("stop in the middle");
      const stream = await (await client.events(chat)).untilText("This much, é😀");

      const askedAt = performance.now();
      expect((await otherApi().cancel(chat)).status).toBe(202);
      const { how, at } = await call.ended;
      expect(how).toBe("disconnected");
      expect(at - askedAt).toBeLessThan(abortLimitMs);
      await stream.ended;
      expect(stream.names).not.toContain("reset");
      expect(stream.text).toBe("This much, é😀");
      expect(stream.terminal).toMatchObject({
        event: "cancelled",
        data: { reply: { text: "This much, é😀", finishReason: "cancelled" }, error: { code: "cancelled" } },
      });
      expect((await client.cancel(chat)).status).toBe(409);
      const [, stopped] = (await client.history(chat)).messages;
      expect(stopped).toMatchObject({ text: "This much, é😀", finishReason: "cancelled" });

      await client.ended(await client.submit("what did you say?", { to: chat }));
      const { request } = await provider.called("what did you say?");
      expect(request.messages.slice(1).map(({ text }) => text)).toEqual([
        "stop in the middle",
        "This much, é😀",
        "what did you say?",
      ]);
    });

    it("before its first word leaves no reply", async () => {
      const { client, provider } = product();
      provider.answer("say nothing", { before: { stall: true } });
      const chat = await client.submit("say nothing");
      const call = await provider.called("say nothing");
      expect((await client.cancel(chat)).status).toBe(202);
      const view = await client.ended(chat);
      expect(view).toMatchObject({ status: "cancelled" });
      expect(view).not.toHaveProperty("reply");
      expect((await call.ended).how).toBe("disconnected");
      expect((await client.conversation(chat)).messageCount).toBe(1);
    });

    it("that has ended is refused", async () => {
      const { client } = product();
      const chat = await client.submit("already said");
      await client.ended(chat);
      expect(await client.cancel(chat)).toMatchObject({ status: 409, body: { type: "/problems/already-ended" } });
      expect(await client.job(chat)).toMatchObject({ status: "completed" });
    });

    it(
      "at the moment of its claim or end leaves exactly one end, with many requests at once",
      { timeout: 40_000 },
      async () => {
        const { client, provider, query } = product();
        const raced = await Promise.all(
          Array.from({ length: 40 }, async (_, index) => {
            const chat = await client.submit(`race ${index}`);
            // From before the claim to after the end.
            if (index % 4 === 1) await provider.called(`race ${index}`);
            if (index % 4 === 2) await (await client.events(chat)).until(({ text }) => text !== "");
            if (index % 4 === 3) await client.job(chat, { wait: 1 });
            const answers = await Promise.all([client, otherApi()].map((each) => each.cancel(chat)));
            const view = await client.ended(chat);
            expect(["completed", "cancelled"]).toContain(view.status);
            // Busy with all these, the database may be too slow for one (503): it may have been stopped or not.
            for (const { status } of answers) expect([200, 202, 409, 503]).toContain(status);
            if (answers.some(({ status }) => status === 200)) expect(view.status).toBe("cancelled");
            const next = await client.ended(await client.submit(`after race ${index}`, { to: chat }));
            expect(next.status).toBe("completed");
            return chat.conversationId;
          }),
        );
        expect(
          await query("select from conversations where id = any($1) and cardinality(open_jobs) > 0", [raced]),
        ).toHaveLength(0);
      },
    );
  });

  describe("a conversation by deleting it", () => {
    it("ends the stream in mid-reply without text, and stores none", { timeout: 30_000 }, async () => {
      const { client, provider, query } = product();
      const marker = "Xylophonquartett";
      const { script } = heldReply(`The ${marker} plays`, " on");
      provider.answer(`Tell me of the ${marker}`, script);
      const chat = await client.submit({ message: `About the ${marker}`, metadata: { page: `/${marker}` } });
      await client.ended(chat);
      const active = await client.submit(`Tell me of the ${marker}`, { to: chat });
      const queued = await client.submit(`More of the ${marker}`, { to: chat });
      const streams = await Promise.all([client.events(active), otherApi().events(active)]);
      await Promise.all(streams.map((stream) => stream.untilText(`The ${marker} plays`)));
      const waiting = await otherApi().events(queued);
      expect(await findText(product(), marker)).not.toEqual([]);

      expect((await otherApi().deleteConversation(chat)).status).toBe(204);
      await Promise.all([...streams, waiting].map((stream) => stream.ended));
      for (const stream of [...streams, waiting]) {
        expect(stream.text).toBe("");
        expect(stream.terminal?.event).toBe("cancelled");
        expect(JSON.stringify(stream.terminal)).not.toContain(marker);
      }
      expect((await (await provider.called(`Tell me of the ${marker}`)).ended).how).toBe("disconnected");
      expect(provider.calls.some((call) => messageOf(call) === `More of the ${marker}`)).toBe(false);

      await eventually(
        "the other stores are cleared",
        async () =>
          (await query("select from conversations where id = $1 and erased_at is not null", [chat.conversationId]))
            .length === 1,
      );
      expect(await findText(product(), marker)).toEqual([]);
    });

    it("leaves no way to open it", async () => {
      const { client } = product();
      const chat = await client.submit("Forget me");
      await client.ended(chat);
      expect((await client.deleteConversation(chat)).status).toBe(204);
      const { conversationId, jobId, token } = chat;
      const gone = await Promise.all([
        client.deleteConversation(chat),
        client.request(`/api/conversations/${conversationId}`, { token }),
        client.request(`/api/chat/history/${conversationId}`, { token }),
        client.request(`/api/jobs/${jobId}`, { token }),
        client.request(`/api/jobs/${jobId}/events`, { token }),
        client.cancel(chat),
        client.post("Are you there?", { to: chat }),
      ]);
      expect(gone.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404, 404]);
    });

    it("twice at the same moment deletes it once", async () => {
      const { client } = product();
      const chat = await client.submit("Delete me twice");
      const answers = await Promise.all([client, otherApi()].map((each) => each.deleteConversation(chat)));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 404]);
    });

    it("drops the draft soon, even if a worker died before it could", { timeout: 40_000 }, async () => {
      const { client, provider, query } = product();
      const marker = "left behind by a crash";
      if (product().redis) {
        const { script, release } = heldReply(marker);
        provider.answer("Write a draft", script);
        const chat = await client.submit("Write a draft");
        await (await client.events(chat)).untilText(marker);
        const seconds = await withRedis(product(), (redis) => redis.ttl(`parley:live:{${chat.jobId}}:1`));
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThan(erasedWithinSeconds);
        release();
        await client.ended(chat);
      } else {
        await query(
          "insert into drafts (job_id, attempt, text, updated_at) values ($1, 1, $2, now() - make_interval(secs => $3))",
          [randomUUID(), Buffer.from(marker), erasedWithinSeconds - sweepSeconds],
        );
        await eventually(
          "the draft is dropped",
          async () => (await findText(product(), marker)).length === 0,
          sweepSeconds * 1000,
        );
      }
    });

    it("during a submit leaves no message behind", { timeout: 40_000 }, async () => {
      const { client, query } = product();
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const chat = await client.submit(`doomed ${index}`);
          if (index % 2 === 1) await client.ended(chat);
          const [deleted, ...answers] = await Promise.all([
            client.deleteConversation(chat),
            otherApi().post(`late ${index}`, { to: chat }),
            client.post(`later ${index}`, { to: chat }),
          ]);
          expect(deleted.status, JSON.stringify(deleted.body)).toBe(204);
          for (const { status, body } of answers) expect([202, 404], JSON.stringify(body)).toContain(status);
        }),
      );
      await eventually("every open job has ended", async () => {
        const open = await query(
          `select from jobs join conversations on conversations.id = conversation_id
           where deleted_at is not null and status in ('queued', 'active')`,
        );
        return open.length === 0;
      });
      expect(await query("select text from messages where text like 'doomed%' or text like 'late%'")).toEqual([]);
    });
  });
});
