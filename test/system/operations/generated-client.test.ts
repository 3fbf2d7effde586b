import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { OperatorClient } from "../harness/operator-client.ts";
import { startProduct } from "../harness/product.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Program as somebody writes it who knows this API by its description alone. */
const program = `
import * as parley from "./client.ts";

parley.defaults.baseUrl = process.argv[2] ?? "";

async function main() {
  const sent = await parley.sendMessage({ message: "Hello", metadata: { page: "/" } });
  if (sent.status !== 202) throw new Error("not accepted: " + sent.status);
  const { jobId, conversationId, token } = sent.data;
  const opts = { headers: { authorization: "Bearer " + token } };

  const job = await parley.readJob(jobId, { prefer: "wait=20" }, opts);
  if (job.status !== 200) throw new Error(job.data.detail);
  const reply = job.data.reply;
  if (reply === undefined) throw new Error("no reply: " + job.data.status);

  const events = await parley.followJob(jobId, {}, opts);
  const history = await parley.readHistory(conversationId, { limit: 10 }, opts);
  const timeline = await parley.readTimeline(jobId, opts);
  const rated = await parley.rateReply(reply.id, { rating: "up" }, opts);
  const refused = await parley.sendMessage({ message: " " });
  const health = await parley.readHealth();
  const operator = { headers: { authorization: process.argv[3] ?? "" } };
  const seen = await parley.readConversationAsOperator(conversationId, {}, operator);
  const stranger = await parley.readInbox();
  const erased = await parley.deleteConversation(conversationId, opts);
  return {
    reply: reply.text,
    finishReason: reply.finishReason,
    events: events.status === 200 ? events.data : "",
    history: history.status === 200 ? history.data.messages.map(({ sender, text }) => sender + ": " + text) : [],
    timeline: timeline.status === 200 ? [timeline.data.events.at(0)?.event, timeline.data.events.at(-1)?.event] : [],
    rated: rated.status,
    refused: refused.status === 400 ? refused.data.errors?.map(({ path }) => path) : refused.status,
    health: health.status === 200 || health.status === 503 ? health.data.status : "unknown",
    seen: seen.status === 200 ? seen.data.messages.map(({ sender }) => sender) : seen.data.detail,
    stranger: stranger.status === 401 ? stranger.data.type : stranger.status,
    erased: erased.status,
  };
}

console.log(JSON.stringify(await main()));
`;

/** As strict as a client's own project may be; the generator's code must stand it. */
const compilerOptions = {
  target: "es2024",
  module: "nodenext",
  lib: ["es2024", "dom", "dom.iterable"],
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  allowImportingTsExtensions: true,
  erasableSyntaxOnly: true,
  skipLibCheck: true,
};

const result = z.object({ events: z.string() }).loose();

describe("a client generated from the OpenAPI description", () => {
  it("compiles, and can use every operation of a client", { timeout: 120_000 }, async () => {
    await using product = await startProduct({ backend: "postgres" });
    await using folder = await openFolder();
    const { base } = product.client;
    await run(process.execPath, [join(root, "node_modules/.bin/oazapfts"), `${base}/openapi.json`, "client.ts"], {
      cwd: folder.path,
    });
    await writeFile(join(folder.path, "program.ts"), program);
    await writeFile(join(folder.path, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    await run(process.execPath, [join(root, "node_modules/.bin/tsc"), "-p", folder.path]);
    const { authorization = "" } = new OperatorClient("").headers;
    const { stdout } = await run(process.execPath, ["program.ts", base, authorization], { cwd: folder.path });
    const { events, ...rest } = result.parse(JSON.parse(stdout));
    expect(events).toMatch(/^retry: 1000\nevent: status\n.*event: done\n/s);
    expect(rest).toEqual({
      reply: "You said: Hello",
      finishReason: "stop",
      history: ["user: Hello", "ai: You said: Hello"],
      timeline: ["accepted", "ended"],
      rated: 204,
      refused: ["message"],
      health: "healthy",
      seen: ["user", "ai"],
      stranger: "/problems/admin-unauthorized",
      erased: 204,
    });
  });
});

/** Outside of the project, as a client's own would be, with its packages at hand. */
async function openFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "parley-client-"));
  await writeFile(join(path, "package.json"), JSON.stringify({ type: "module" }));
  await symlink(join(root, "node_modules"), join(path, "node_modules"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}
