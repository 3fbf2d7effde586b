import { SignJWT } from "jose";
import { beforeAll, expect, it } from "vitest";
import { timeline } from "../../../shared/protocol/job.ts";
import { ApiClient } from "../harness/api-client.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { eventually, onBackendsSideBySide } from "../harness/suite.ts";
import { withSkewedClock } from "../harness/with-skewed-clock.ts";

const hourMs = 3_600_000;

const identitySecret = "the secret of the embedding site: long enough";
const options = { apis: 0, workers: 0, env: { IDENTITY_SECRET: identitySecret } };

onBackendsSideBySide("processes with clocks an hour ahead or behind", options, (product) => {
  let apis: ServiceProcess[];
  let workers: ServiceProcess[];
  let ahead: ApiClient;
  let behind: ApiClient;

  beforeAll(async () => {
    const skews = [withSkewedClock(hourMs), withSkewedClock(-hourMs)];
    const { startApi, startWorker } = product();
    [apis, workers] = await Promise.all([
      Promise.all(skews.map((env) => startApi(env))),
      Promise.all(skews.map((env) => startWorker(env))),
    ]);
    ahead = new ApiClient(apis[0]?.url ?? "");
    behind = new ApiClient(apis[1]?.url ?? "");
  });

  it("accept each other's tokens, and answer in order, once, with correct times", async () => {
    const { provider, query } = product();
    const began = Date.now();
    expect(await hoursAhead([ahead, behind])).toEqual([1, -1]);
    await Promise.all(
      Array.from({ length: 10 }, async (_, number) => {
        const [first, second] = number % 2 === 0 ? [ahead, behind] : [behind, ahead];
        const chat = await first.submit(`first ${number}`);
        const next = await second.submit(`second ${number}`, { to: chat });
        const stream = await first.events(next);
        await stream.ended;
        expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 1 } });
        expect((await second.history(chat)).messages.map(({ text }) => text)).toEqual([
          `first ${number}`,
          echoOf(`first ${number}`),
          `second ${number}`,
          echoOf(`second ${number}`),
        ]);
        const view = await second.job(chat);
        for (const time of [view.createdAt, view.startedAt ?? "", view.finishedAt ?? ""]) {
          expect(Math.abs(Date.parse(time) - began)).toBeLessThan(hourMs / 2);
        }
        const { body } = await first.request(`/api/jobs/${chat.jobId}/timeline`, { token: chat.token });
        const times = timeline.parse(body).events.map(({ at }) => at);
        expect(times).toEqual(times.toSorted());
      }),
    );
    expect(provider.calls).toHaveLength(20);
    expect(await query("select from jobs where attempt <> 1 or status <> 'completed'")).toHaveLength(0);
  });

  it("know by the database's clock how long a visitor waits for a person", { timeout: 60_000 }, async () => {
    const { query } = product();
    const [long, short] = await Promise.all([ahead.submit("Is anybody there?"), behind.submit("And here?")]);
    await Promise.all([ahead.ended(long), behind.ended(short)]);
    const wait = async ({ conversationId }: { conversationId: string }, minutes: number) =>
      query(
        "update conversations set handled_by = 'waiting', waiting_since = now() - make_interval(mins => $2) where id = $1",
        [conversationId, minutes],
      );
    await wait(short, 8);
    await wait(long, 12);
    const told = async () =>
      (await query<{ id: string }>("select id from conversations where overdue_at is not null")).map(({ id }) => id);
    await eventually("one was told", async () => (await told()).length > 0, 30_000);
    expect(await told()).toEqual([long.conversationId]);
    await query("update conversations set handled_by = 'ai', waiting_since = null, overdue_at = null");
  });

  it("verify an identity by the database's clock", async () => {
    const visit = async (client: ApiClient, minutes: number) => {
      const identity = await new SignJWT()
        .setProtectedHeader({ alg: "HS256" })
        .setSubject("a visitor")
        .setExpirationTime(new Date(Date.now() + minutes * 60_000))
        .sign(Buffer.from(identitySecret));
      return client.request("/api/me/conversations", { headers: { "x-parley-identity": identity } });
    };
    for (const client of [ahead, behind]) {
      expect((await visit(client, 10)).status).toBe(200);
      const expired = await visit(client, -10);
      expect(expired.status).toBe(401);
      expect(expired.text).toMatch(/exp: expired, 60\d s off .*the service's clock \(its database's\)/);
      expect((await visit(client, 24 * 60 + 10)).text).toContain("exp: must be at most 24 hours from now");
    }
  });

  it("lose no reply when a clock jumps in the middle of it", async () => {
    const { provider, query } = product();
    const messages = Array.from({ length: 4 }, (_, number) => `jump ${number}`);
    const replies = messages.map(() => heldReply("Before the jump", " and after it"));
    const streams = await Promise.all(
      messages.map(async (message, number) => {
        const reply = replies[number];
        if (reply) provider.answer(message, reply.script);
        const client = number % 2 === 0 ? ahead : behind;
        return (await client.events(await client.submit(message))).untilText("Before the jump");
      }),
    );
    for (const each of [...apis, ...workers]) each.signal("SIGUSR2");
    await eventually("the clocks have jumped", async () => (await hoursAhead([ahead, behind])).join() === "-1,1");
    const held = messages.length;
    // Each lease is renewed after the jump, so every process has noticed it.
    const [{ renewed } = { renewed: "" }] = await query<{ renewed: string }>("select now()::text as renewed");
    await eventually("all are held on", async () => {
      const rows = await query(
        "select from jobs where status = 'active' and lease_until > $1::timestamptz + interval '15 s'",
        [renewed],
      );
      return rows.length === held;
    });
    for (const { release } of replies) release();
    for (const stream of streams) {
      await stream.ended;
      expect(stream.text).toBe("Before the jump and after it");
      expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 1 } });
    }
    expect(provider.calls).toHaveLength(22 + held);
    const next = await behind.submit("After the jump");
    expect(await ahead.ended(next)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await Promise.all([...apis, ...workers].map((each) => each.stop()))).toEqual([0, 0, 0, 0]);
  });
});

/** By the clocks of these processes, rounded. */
async function hoursAhead(clients: readonly ApiClient[]): Promise<number[]> {
  return Promise.all(
    clients.map(async (client) => {
      const { body } = await client.request("/health");
      return Math.round((Date.parse((body as { timestamp: string }).timestamp) - Date.now()) / hourMs);
    }),
  );
}
