import { randomUUID } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { assistantsPath } from "../../../shared/assistants/assistants.ts";
import { addPages } from "../../../shared/testing/fixtures/site-pages.ts";
import { asSupport, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";
import { openTestPool } from "../../../shared/testing/stores/postgres.ts";

const pages = {
  "https://shop.example/returns": "Returns\nYou can send a teapot back within thirty days.",
  "https://shop.example/care": "Care\nWash a teapot by hand, and never in a machine.",
};

onEachBackend("the MCP door", { workers: 2, ownConfig: true }, (product) => {
  let key: OperatorHeaders;
  beforeAll(async () => {
    const pool = openTestPool(product().databaseUrl, 1);
    await addPages(pool, pages);
    await pool.end();
    key = await makeOperator(product(), "Agent");
  });

  async function connect(headers: Record<string, string> = {}, options: ClientOptions = {}): Promise<Client> {
    const client = new Client({ name: "test", version: "1" }, options);
    await client.connect(
      new StreamableHTTPClientTransport(new URL("/mcp", product().client.base), { requestInit: { headers } }),
    );
    onTestFinished(() => client.close());
    return client;
  }

  const ask = (client: Client, question: string, more = {}) =>
    client.callTool({ name: "ask", arguments: { question, ...more } });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    product().client.request("/mcp", {
      method: "POST",
      body,
      headers: { accept: "application/json, text/event-stream", ...headers },
    });
  const call = (name: string, args: object) => ({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name, arguments: args },
  });
  const conversationsOf = (question: string) =>
    product().query<{ channel: string; status: string }>(
      `select conversations.channel, jobs.status from messages join conversations on conversations.id = conversation_id
       join jobs on jobs.message_id = messages.id where text = $1`,
      [question],
    );

  it("finds the site's passages for everyone, without a conversation", async () => {
    const client = await connect();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["search_knowledge"]);
    const found = await client.callTool({ name: "search_knowledge", arguments: { query: "Can I return a teapot?" } });
    expect(found.structuredContent).toMatchObject({
      passages: expect.arrayContaining([
        expect.objectContaining({
          url: "https://shop.example/returns",
          text: expect.stringContaining("thirty days") as string,
        }),
      ]) as unknown[],
    });
    expect(JSON.stringify(found.content)).toContain("thirty days");
    const nothing = await client.callTool({ name: "search_knowledge", arguments: { query: "zyzzyva" } });
    expect(nothing).toMatchObject({ structuredContent: { passages: [] } });
    const other = await client.callTool({
      name: "search_knowledge",
      arguments: { query: "teapot", assistant: "none" },
    });
    expect(other).toMatchObject({ isError: true });
    expect(JSON.stringify(other.content)).toContain("there is no such assistant; there are: default");
  });

  it("asks the assistant with a key: one message, answered once, by way of the queue", async () => {
    const question = `Where is my teapot ${randomUUID()}?`;
    const client = await connect(key);
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["search_knowledge", "ask"]);
    const { structuredContent, isError } = await ask(client, question);
    expect(isError).not.toBe(true);
    expect(structuredContent).toMatchObject({ status: "completed", answer: echoOf(question) });
    expect(await conversationsOf(question)).toEqual([{ channel: "mcp", status: "completed" }]);
    expect(JSON.stringify(await ask(client, " "))).toContain("message");
  });

  it("answers once though the worker dies in the middle, whether the client goes or waits", async () => {
    const { provider, workers } = product();
    const question = `Where is my teapot ${randomUUID()}?`;
    const { script } = heldReply("It is", " on its way.");
    provider.answer(question, script);
    const client = await connect(key);
    const asking = ask(client, question).catch((error: unknown) => error);
    const waited = `Where is my kettle ${randomUUID()}?`;
    provider.answer(waited, heldReply("It is").script);
    const waiting = ask(await connect(key), waited);
    await Promise.all([provider.called(question), provider.called(waited)]);
    await client.close();
    await Promise.all(workers.map((worker) => worker.kill()));
    await product().startWorker();
    await eventually(
      "the reply",
      async () => (await conversationsOf(question)).every(({ status }) => status === "completed"),
      40_000,
    );
    await asking;
    expect(await conversationsOf(question)).toHaveLength(1);
    expect((await waiting).structuredContent).toMatchObject({ status: "completed", answer: echoOf(waited) });
  });

  it("takes clients of the newest revision, and opens no stream of changes for them: none would come", async () => {
    const client = await connect({}, { versionNegotiation: { mode: "auto" } });
    const found = await client.callTool({ name: "search_knowledge", arguments: { query: "teapot" } });
    expect(found.structuredContent).toMatchObject({ passages: [{}, {}] });
    await expect(client.listen({ toolsListChanged: true })).rejects.toThrow("Subscription limit reached");
  });

  it("asks once however often a question comes under its key, and says who else answers", async () => {
    const agent = { ...key, "idempotency-key": randomUUID() };
    const question = `Where is my teapot ${randomUUID()}?`;
    const [one, again] = [await ask(await connect(agent), question), await ask(await connect(agent), question)];
    expect(again).toEqual(one);
    expect(await conversationsOf(question)).toHaveLength(1);
    expect(await ask(await connect(agent), "Another question")).toMatchObject({ isError: true });
    const forPeople = await ask(await connect(key), "I want to talk to a human, please.");
    expect(forPeople.structuredContent).toMatchObject({ status: "with-people" });
  });

  it("lets nobody ask without a key that may write", async () => {
    const reader = await makeOperator(product(), "Reader", "reader");
    for (const headers of [{}, reader]) {
      const client = await connect({ ...headers });
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["search_knowledge"]);
      const question = `Where is my teapot ${randomUUID()}?`;
      await expect(ask(client, question)).rejects.toThrow(/ask/);
      expect(await conversationsOf(question)).toEqual([]);
    }
    const unknown = await post(call("ask", { question: "Hello" }), { authorization: "Bearer psk_unknown" });
    expect(unknown.status).toBe(401);
    const { authorization } = asSupport;
    expect((await post(call("ask", { question: "Hello" }), { authorization })).status).toBe(401);
  });

  it("says that a reply comes later where its process is stopped, and the question is answered once", async () => {
    const api = await product().startApi();
    const client = new Client({ name: "test", version: "1" });
    const requestInit = { headers: { ...key } };
    await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", api.url), { requestInit }));
    onTestFinished(() => client.close());
    const question = `Where is my teapot ${randomUUID()}?`;
    const { script, release } = heldReply("It is", " on its way.");
    product().provider.answer(question, script);
    const asking = ask(client, question);
    await product().provider.called(question);
    const stopped = api.stop();
    expect((await asking).structuredContent).toMatchObject({ status: "waiting" });
    release();
    await stopped;
    await eventually("the reply", async () => (await conversationsOf(question))[0]?.status === "completed");
    expect(await conversationsOf(question)).toHaveLength(1);
  });

  it("lets everyone ask an assistant that allows it, within the limits of their address", async () => {
    const processes = [...product().apis, ...product().workers].filter(({ running }) => running);
    const path = join(product().folder ?? "", assistantsPath);
    const file = JSON.parse(await readFile(path, "utf8")) as { assistants: { default: object } };
    const open = { ...file.assistants.default, askByMcp: true };
    await writeFile(`${path}.new`, JSON.stringify({ assistants: { ...file.assistants, open } }));
    await rename(`${path}.new`, path);
    await eventually("changed assistants in each process", async () =>
      processes.every(({ output }) => output.includes("the changed assistants")),
    );
    const { url } = await product().startApi({ RATE_LIMIT_MAX_REQUESTS: "1" });
    const client = await connect();
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["search_knowledge", "ask"]);
    const question = `Where is my teapot ${randomUUID()}?`;
    const answer = await ask(client, question, { assistant: "open" });
    expect(answer.structuredContent).toMatchObject({ status: "completed", answer: echoOf(question) });
    expect(await conversationsOf(question)).toEqual([{ channel: "mcp", status: "completed" }]);
    const closed = await ask(client, "Where is it?");
    expect(closed.isError).toBe(true);
    expect(JSON.stringify(closed.content)).toContain("takes the key of an operator. Without one, you may ask: open.");
    expect(await conversationsOf("Where is it?")).toEqual([]);
    expect(JSON.stringify(await ask(client, "Hello", { assistant: "none" }))).toContain("there is no such assistant");

    const limited = new Client({ name: "test", version: "1" });
    await limited.connect(new StreamableHTTPClientTransport(new URL("/mcp", url)));
    onTestFinished(() => limited.close());
    // The question above was counted, too.
    const refused = await ask(limited, "Hello", { assistant: "open" });
    expect(JSON.stringify(refused.content)).toMatch(/from your address.*Try again in \d+ seconds/);
  });

  it("refuses what it cannot take, and says why", async () => {
    expect(await post("{")).toMatchObject({ status: 400, body: { type: "/problems/invalid-request" } });
    expect(await post([call("search_knowledge", { query: "teapot" })])).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("batch") as string },
    });
    expect((await post({ ...call("search_knowledge", {}), more: "x".repeat(300_000) })).status).toBe(413);
    expect((await post(call("search_knowledge", { query: "teapot" }), { accept: "text/html" })).status).toBe(406);
    expect(
      (await post(call("search_knowledge", { query: "teapot" }), { origin: "https://other.example" })).status,
    ).toBe(403);
    // A foreign name that points at this host.
    const { host } = new URL(product().client.base);
    const foreign = `http://shop.example:${host.split(":")[1]}`;
    expect(
      (await post(call("search_knowledge", { query: "teapot" }), { origin: foreign, "sec-fetch-site": "same-origin" }))
        .status,
    ).toBe(403);
    for (const method of ["GET", "DELETE"]) {
      const { status, headers } = await product().client.request("/mcp", { method });
      expect({ status, allow: headers.get("Allow") }).toEqual({ status: 405, allow: "POST" });
    }
    const client = await connect();
    await expect(client.callTool({ name: "read_conversation", arguments: {} })).rejects.toThrow(/read_conversation/);
    const wrong = await client.callTool({ name: "search_knowledge", arguments: { query: "" } }).catch(String);
    expect(JSON.stringify(wrong)).toContain("query");
  });

  it("counts questions for the owner of the key, and tells the model when to come again", async () => {
    const { url } = await product().startApi({ RATE_LIMIT_MAX_REQUESTS: "1" });
    const headers = await makeOperator(product(), "Busy");
    const requestInit = { headers: { ...headers } };
    const client = new Client({ name: "test", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", url), { requestInit }));
    onTestFinished(() => client.close());
    expect((await ask(client, `Where is my teapot ${randomUUID()}?`)).isError).not.toBe(true);
    const refused = await ask(client, `Where is my kettle ${randomUUID()}?`);
    expect(refused.isError).toBe(true);
    expect(JSON.stringify(refused.content)).toMatch(/by Busy.*Try again in \d+ seconds/);
  });

  it("counts its requests as reads, and says when to come again", async () => {
    const { url } = await product().startApi({ RATE_LIMIT_MAX_READS: "3" });
    const search = () =>
      fetch(new URL("/mcp", url), {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
        body: JSON.stringify(call("search_knowledge", { query: "teapot" })),
      });
    for (let request = 1; request <= 3; request++) await search();
    const refused = await search();
    expect({ status: refused.status, again: refused.headers.has("Retry-After") }).toEqual({ status: 429, again: true });
  });
});
