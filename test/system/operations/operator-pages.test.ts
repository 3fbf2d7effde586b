import { expect, it } from "vitest";
import { report } from "../../../shared/protocol/people/report.ts";
import { adminPassword } from "../harness/product.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

onSharedProducts("the pages for operators", (product) => {
  const authorization = `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}`;
  const look = (path: string) => product().client.request(path, { headers: { authorization } });

  it("are closed to everybody else", async () => {
    const { client } = product();
    for (const path of [
      "/console",
      "/console/console.js",
      "/console/console.css",
      "/admin",
      "/admin/conversations/5b0d3c5e-0000-4000-8000-000000000000",
      "/admin/operators.css",
    ]) {
      expect((await client.request(path)).status).toBe(401);
      expect((await client.request(path, { headers: { authorization: "Basic YWRtaW46bm8=" } })).status).toBe(401);
    }
    expect((await look("/admin")).headers.get("cache-control")).toBe("no-store");
  });

  it("have one navigation, and the console a policy that runs and loads its own files alone", async () => {
    for (const path of ["/console", "/console?part=knowledge", "/admin"]) {
      const { text } = await look(path);
      for (const place of ["/console", "/console?part=knowledge", "/admin", "/admin/queues"])
        expect(text).toContain(`href="${place}"`);
      expect(text).toContain(`href="${path}" aria-current="page"`);
    }
    for (const page of ["/console", "/console?part=knowledge"]) {
      const { text, headers } = await look(page);
      const policy = headers.get("content-security-policy");
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).not.toMatch(/unsafe|https?:|\*/);
      for (const [, path = ""] of text.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)) {
        expect([path, (await look(path)).status]).toEqual([path, 200]);
      }
    }
    expect((await look("/console/other.js")).status).toBe(404);
    const script = await look("/console/console.js");
    expect(Number(script.headers.get("content-length")), "bytes, compressed").toBeLessThan(40_000);
    // Beside this address, browsers would not send the login to /api/operator.
    const slash = await fetch(`${product().client.base}/console/?view=all`, { redirect: "manual" });
    expect([slash.status, slash.headers.get("location")]).toEqual([308, "/console?view=all"]);
  });

  it("count a span of days, as a page, as data and as a file", async () => {
    const { client } = product();
    await client.ended(await client.submit("Counted"));
    const day = new Date().toISOString().slice(0, 10);
    const span = `from=${day}&to=${day}&zone=UTC`;
    const { body } = await look(`/api/operator/reports?${span}`);
    const counted = report.parse(body);
    expect(counted.days).toEqual([{ day, ...counted.total }]);
    expect(counted.total.byAssistant).toBeGreaterThan(0);
    const file = await look(`/api/operator/reports?${span}&format=csv`);
    expect(file.headers.get("content-disposition")).toBe(`attachment; filename=report-${day}-${day}.csv`);
    const [heads, line, ...rest] = file.text.trimEnd().split("\r\n");
    expect(heads).toMatch(/^day,messages,byAssistant,/);
    expect(line).toMatch(new RegExp(String.raw`^${day},\d+,\d+,`));
    expect(rest).toEqual([]);
    expect((await look("/admin/reports")).text).toContain(`<th scope="row">${day}</th>`);
    for (const wrong of ["from=2026-02-30&to=2026-03-01", `from=${day}&to=2020-01-01`, `${span}%2FNowhere`]) {
      const refused = await look(`/api/operator/reports?${wrong}`);
      expect([wrong, refused.status]).toEqual([wrong, 400]);
      const page = await look(`/admin/reports?${wrong}`);
      expect([wrong, page.status, page.text.includes('role="alert"')]).toEqual([wrong, 400, true]);
    }
  });

  it("find a conversation by its id, by the ids of its jobs and messages, by status and by time", async () => {
    const { client } = product();
    const chat = await client.submit("Find me");
    const { reply } = await client.ended(chat);
    const link = `/admin/conversations/${chat.conversationId}#job-${chat.jobId}`;
    for (const id of [chat.conversationId, chat.jobId, chat.messageId, reply?.id])
      expect((await look(`/admin?id=${id}`)).text).toContain(link);
    expect((await look("/admin?status=completed")).text).toContain(link);
    expect((await look("/admin?status=failed")).text).not.toContain(link);
    const now = new Date();
    const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString().slice(0, 16);
    expect((await look(`/admin?from=${at(-5)}&to=${at(5)}`)).text).toContain(link);
    expect((await look(`/admin?from=${at(-5)}&to=${at(-2)}`)).text).not.toContain(link);
    expect((await look(`/admin?from=${at(5)}`)).text).not.toContain(link);
  });

  it.each([
    ["id=7", "An id is a UUID"],
    ["status=lost", "one of queued, active, completed"],
    ["text=%00%25_", "No conversations found"],
    ["requestId=%00", ""],
    ["requestId=no-such-request", "No conversations found"],
    ["from=yesterday", "A time is written like"],
    ["from=0001-01-01T00:00", "No conversations found"],
    ["id=5b0d3c5e-0000-4000-8000-000000000000", "No conversations found"],
  ])("explain how they understood %s", async (query, said) => {
    const answer = await look(`/admin?${query}`);
    expect(answer.status).toBe(200);
    if (!query.startsWith("from=0001")) expect(answer.text).toContain(said);
  });

  it("show a conversation with the timeline of each job, and escape all its content", async () => {
    const { client } = product();
    const hostile = `<script>alert(1)</script><img src=x onerror="alert(2)"> & 'quotes'`;
    const chat = await client.submit(hostile);
    await client.ended(chat);
    const { text, headers, status } = await look(`/admin/conversations/${chat.conversationId}`);
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).not.toContain("unsafe-inline");
    expect(text).not.toContain("<script");
    expect(text).not.toContain("<img");
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&quot;alert(2)&quot;&gt; &amp;");
    for (const part of [
      "accepted, request",
      "attempt 1: claimed by",
      "attempt 1: first text",
      "compatible",
      "tokens in",
    ])
      expect(text).toContain(part);
  });

  it("show the reason of each call without a reply, and no word of the provider", async () => {
    const { client, provider, query } = product();
    const secret = "sk-canary-of-the-upstream";
    const body = (code: string) =>
      JSON.stringify({ error: { code, type: "canary", message: `the key ${secret} is bad` } });
    const reasons = [
      [{ status: 401, body: body("invalid_api_key") }, /refused_key: .*HTTP 401 \(invalid_api_key\)/],
      [{ status: 400, body: body("model_not_found") }, /rejected: .*HTTP 400 \(model_not_found\)/],
      [
        { steps: ["Half a "], finishReason: null, usage: null, done: false },
        /cut: the reply broke off .*without a finish reason/,
      ],
    ] as const;
    for (const [n, [script, told]] of reasons.entries()) {
      const message = `Call ${n} fails`;
      provider.answer(message, script, script, script);
      const chat = await client.submit(message);
      await client.ended(chat);
      const { text } = await look(`/admin/conversations/${chat.conversationId}`);
      expect(text.replaceAll(/<[^>]+>|\s+/g, " ").replaceAll(/ +/g, " ")).toMatch(told);
      expect(text).not.toContain("canary");
    }
    expect(await query("select from calls where error_detail ~ 'canary'")).toEqual([]);
  });

  it("find a message by its request's id and by its text, and show its first sentence, page and locale", async () => {
    const { client, query } = product();
    const message = "Where is 100%_of my Café order? I have waited since Monday.";
    const metadata = { page: "https://shop.example/orders", locale: "de-AT" };
    const chat = await client.submit({ message, metadata });
    await client.ended(chat);
    const [job] = await query<{ request_id: string }>("select request_id from jobs where id = $1", [chat.jobId]);
    const link = `/admin/conversations/${chat.conversationId}#job-${chat.jobId}`;
    for (const search of [
      `requestId=${job?.request_id}`,
      `id=${job?.request_id}`,
      `text=${encodeURIComponent("100%_OF MY ")}`,
      `text=${encodeURIComponent("since monday")}&status=completed`,
    ])
      expect((await look(`/admin?${search}`)).text, search).toContain(link);
    expect((await look("/admin?text=100_Xof")).text).not.toContain(link);
    expect((await look("/admin?text=since+monday&status=failed")).text).not.toContain(link);
    const { text } = await look(`/admin?id=${chat.jobId}`);
    for (const part of [">Where is 100%_of my Café order?<", metadata.page, metadata.locale])
      expect(text).toContain(part);
    expect(text).not.toContain("since Monday");
  });

  it("mark a reply that is an apology or another provider's, and find it", async () => {
    const { client, provider, query } = product();
    const down = { status: 400, body: "{}" };
    provider.answer("Nobody answers", down, down, down);
    const apology = await client.submit("Nobody answers");
    await client.ended(apology);
    const other = await client.submit("Another answers");
    const { reply } = await client.ended(other);
    await query("update messages set fallback = true where id = $1", [reply?.id]);
    const answered = await client.submit("It answers");
    await client.ended(answered);
    const found = async (outcome: string) => {
      const { text } = await look(`/admin?status=${outcome}`);
      return [apology, other, answered].map(({ jobId }) => text.includes(`#job-${jobId}`));
    };
    expect(await found("apology")).toEqual([true, false, false]);
    expect(await found("other_provider")).toEqual([false, true, false]);
    expect(await found("completed")).toEqual([false, false, true]);
    const list = await look("/admin?status=apology");
    expect(list.text).toContain("apology: no provider answered");
    expect(list.text).toContain("rejected: the provider rejects this request");
    const { text } = await look(`/admin/conversations/${apology.conversationId}`);
    expect(text.match(/class="status apology"/g)).toHaveLength(2);
    expect((await look(`/admin/conversations/${other.conversationId}`)).text).toContain("by compatible instead");
    // A later reply does not hide an earlier apology.
    await client.ended(await client.submit("It answers now", { to: apology }));
    expect((await look(`/admin?id=${apology.conversationId}`)).text).toContain("+ 1 failed or apologized");
  });

  it("warn on every page while a provider refuses its key or is skipped", async () => {
    const { client, provider, query } = product();
    const paths = ["/admin", "/admin?status=failed", "/admin/conversations/5b0d3c5e-0000-4000-8000-000000000000"];
    const see = (wanted: boolean, words: string) =>
      eventually(
        `${wanted ? "a" : "no"} banner`,
        async () => {
          const pages = await Promise.all(paths.map(look));
          return pages.every(({ text }) => text.includes(words) === wanted);
        },
        30_000,
      );
    await client.ended(await client.submit("The key is good"));
    await see(false, "refuses its API key");
    provider.answer("The key is bad", { status: 401, body: "{}" });
    await client.ended(await client.submit("The key is bad"));
    await see(true, "compatible refuses its API key");
    await client.ended(await client.submit("The key is good again"));
    await see(false, "refuses its API key");
    await query("insert into circuit_reports (worker_id, open_circuits) values (gen_random_uuid(), '{openai}')");
    await see(true, "openai is down");
    await query("delete from circuit_reports where open_circuits = '{openai}'");
    await see(false, "openai is down");
  });

  it("render the Markdown of replies, without any of their markup", async () => {
    const { client, provider } = product();
    const steps = [
      "**Bold** `<b>`\n\n- [shop](https://shop.example/a?b=1&c=2)\n",
      "- [bad](javascript:alert(1))\n<img src=x>",
    ];
    provider.answer("Markdown, please", { steps });
    const chat = await client.submit("Markdown, please");
    await client.ended(chat);
    const { text } = await look(`/admin/conversations/${chat.conversationId}`);
    expect(text).toContain("<strong>Bold</strong> <code>&lt;b&gt;</code>");
    expect(text).toContain('rel="noopener noreferrer nofollow">shop</a>');
    expect(text).not.toMatch(/href="javascript|<img/);
  });

  it("show why a message has no reply", async () => {
    const { client, query } = product();
    const chat = await client.submit("Fail me");
    await client.ended(chat);
    await query("update jobs set status = 'failed', error_code = 'workers_died', deaths = 3 where id = $1", [
      chat.jobId,
    ]);
    expect((await look("/admin?status=failed")).text).toContain(chat.conversationId);
    const { text } = await look(`/admin/conversations/${chat.conversationId}`);
    expect(text).toContain("workers_died: three workers crashed while answering it");
    expect(text).toMatch(/<details\s+class="job"\s+open/);
  });

  it("write who read what to the audit log, without any text", async () => {
    const { client, output } = product();
    const chat = await client.submit("canary-of-the-audit");
    await client.ended(chat);
    await look(`/admin/conversations/${chat.conversationId}`);
    const line = await eventually("the audit line", () =>
      output()
        .split("\n")
        .find((each) => each.includes('"audit":"conversation read"') && each.includes(chat.conversationId)),
    );
    expect(line).toContain('"operator":"admin"');
    expect(output()).not.toContain("canary-of-the-audit");
  });

  it("count the day", async () => {
    const { client, query } = product();
    await client.ended(await client.submit("Count me"));
    const [counted] = await query<{ count: number }>(
      "select count(*)::int as count from jobs where created_at >= date_trunc('day', now(), 'UTC')",
    );
    const figures = await eventually(
      "figures that are fresh",
      async () => {
        const { text } = await look("/admin");
        return new RegExp(`<span>Messages</span> <strong>${counted?.count}</strong>`).test(text) && text;
      },
      15_000,
    );
    expect(figures).toMatch(/aria-label="Wait, p95 by hour, UTC: [\d.]+ (ms|s)"/);
  });

  it("mark a deleted conversation", async () => {
    const { client } = product();
    const chat = await client.submit("Forget me");
    await client.ended(chat);
    await client.deleteConversation(chat);
    const { text } = await look(`/admin/conversations/${chat.conversationId}`);
    expect(text).toContain("deleted, no text is stored");
    expect(text).not.toContain("Forget me");
    expect((await look("/admin")).text).not.toContain(chat.conversationId);
  });
});
