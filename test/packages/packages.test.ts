import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type * as Ours from "../../packages/client/source/protocol.d.ts";
import { protocolTypes } from "../../scripts/packages/protocol-types.ts";
import type { ConversationView, HistoryView, MessageView } from "../../shared/protocol/conversation.ts";
import type { ConversationEvent, EventData } from "../../shared/protocol/events.ts";
import type { HandoffAnswer } from "../../shared/protocol/handling.ts";
import type { JobView } from "../../shared/protocol/job.ts";
import type { AssistantInfo, ProblemBody } from "../../shared/protocol/service.ts";
import type { SubmitRequest, SubmitResponse } from "../../shared/protocol/submit.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { OperatorClient } from "../system/harness/operator-client.ts";
import type { Product } from "../system/harness/product.ts";
import { echoOf, heldReply } from "../system/harness/scripted-provider.ts";
import { withSharedProducts } from "../system/harness/shared-product.ts";
import {
  compilerSettings,
  createProject,
  filesOf,
  type FreshProject,
  type Packed,
  packPackages,
  serveFolder,
} from "./fresh-project.ts";

const kilobyte = 1024;
const identitySecret = "the secret of the embedding site: long enough";
const registryReact = ["react@19.3.1", "react-dom@19.3.1", "@types/react@19.3.3", "@types/react-dom@19.3.0"];

/** Uses both packages as a program of a site does; prints what became of it. */
const nodeProgram = `
import { createClient, newKey, ServiceError, type JobView, type SubmitRequest } from "@parley/client";
import { signIdentity } from "@parley/identity";

declare const process: { env: Record<string, string> };
const { SERVER: server = "", IDENTITY_SECRET: secret = "" } = process.env;
const identity = await signIdentity({ id: 4711, name: "Zoë" }, { secret });
const client = createClient({ server, identity });
const request: SubmitRequest = { message: "From Node" };
const accepted = await client.submit(request, { key: newKey() });
let text = "";
let job: JobView | undefined;
for await (const progress of client.follow(accepted)) {
  if (progress.type === "delta") text += progress.text;
  if (progress.type === "reset") text = "";
  if ("job" in progress) job = progress.job;
}
const { conversations } = await client.conversations();
const stranger = createClient({ server }).conversation({ conversationId: accepted.conversationId });
const refused: unknown = await stranger.catch((error: unknown) => error);
console.log(
  JSON.stringify({
    equal: text === job?.reply?.text,
    text,
    found: conversations.map(({ id }) => id === accepted.conversationId),
    refused: refused instanceof ServiceError && refused.status,
  }),
);
`;

const identityProgram = `
import { signIdentity } from "@parley/identity";
declare const process: { env: Record<string, string> };
console.log(await signIdentity({ id: "x".repeat(256) }, { secret: process.env.IDENTITY_SECRET ?? "" }));
`;

/** A page without a framework. */
const plainPage = {
  "index.html": '<!doctype html><output></output><script type="module" src="/src/main.ts"></script>',
  "src/main.ts": `
import { createClient, newKey } from "@parley/client";
import { loadParleyChat, type ParleyChatElement } from "@parley/client/element";

const server = "https://chat.example.com";
await loadParleyChat(server);
const chat: ParleyChatElement = document.createElement("parley-chat");
chat.setAttribute("server", server);
document.body.append(chat);
const client = createClient({ server });
const job = await client.submit({ message: "From a page" }, { key: newKey() });
for await (const progress of client.follow(job)) {
  if (progress.type === "done") document.querySelector("output")!.textContent = progress.job.reply?.text ?? "";
}
`,
};

const reactMain = `
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Conversation } from "./conversation.js";
import { Support } from "./support.js";

const root = createRoot(document.body.appendChild(document.createElement("div")));
root.render(<StrictMode><Conversation /><Support /></StrictMode>);
`;

let product: Product;
let server: string;
let packed: Packed;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the packages", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    browser = await sharedChromium.open();
  });
  withSharedProducts.beforeAll(async ({ sharedProducts }) => {
    product = await sharedProducts.lend("postgres");
    server = (await product.startApi({ IDENTITY_SECRET: identitySecret })).url;
  });
  beforeAll(async () => {
    packed = await packPackages();
  });
  afterAll(async () => {
    await browser?.close();
    await packed?.[Symbol.asyncDispose]();
    await product?.[Symbol.asyncDispose]();
  });

  it("hold what is built and what npm asks for, and nothing else", () => {
    expect([...packed.files.keys()].toSorted()).toEqual(["@parley/client", "@parley/identity", "@parley/react"]);
    for (const files of packed.files.values()) {
      const others = files.filter((file) => !/^dist\/[\w-]+\.(?:js|d\.ts)$/.test(file));
      expect(others.toSorted()).toEqual(["LICENSE", "README.md", "package.json"]);
    }
  });

  it("run in a plain Node project, offline, and sign visitors that the service takes", async () => {
    await using project = await createProject({ "program.ts": nodeProgram, "refused.ts": identityProgram });
    await project.install([archive("@parley/client"), archive("@parley/identity")], { offline: true });
    await typeCheck(project);
    const env = { SERVER: server, IDENTITY_SECRET: identitySecret };
    expect(JSON.parse(await project.node("program.ts", env))).toEqual({
      equal: true,
      text: echoOf("From Node"),
      found: [true],
      refused: 401,
    });
    await expect(project.node("refused.ts", env)).rejects.toThrow(/TypeError: id: must be text of 1 to 255 characters/);
  });

  it("run in a page built by Vite; the client takes at most 7 KB", async () => {
    await using project = await createProject(withServer(plainPage));
    await project.install([archive("@parley/client")], { offline: true });
    await typeCheck(project);
    await using site = await buildSite(project);
    const page = await (await browser.newContext()).newPage();
    await page.goto(site.url);
    await page.locator("output").getByText(echoOf("From a page")).waitFor();
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    await page.context().close();
    const entryPoints = [join(project.folder, "node_modules/@parley/client/dist/client.js")];
    const { outputFiles } = await build({ entryPoints, bundle: true, minify: true, format: "esm", write: false });
    expect(gzipSync(outputFiles[0]?.contents ?? "").length).toBeLessThan(7 * kilobyte);
  });

  it("run in React as the document says: a reply while it grows, a reload, a person, and Stop", async ({ skip }) => {
    const files = await filesOf("docs/front-ends/react.md");
    expect(Object.keys(files).toSorted()).toEqual(["src/conversation.tsx", "src/support.tsx"]);
    const html = '<!doctype html><body><script type="module" src="/src/main.tsx"></script>';
    await using project = await createProject(withServer({ ...files, "src/main.tsx": reactMain, "index.html": html }));
    const ours = [archive("@parley/client"), archive("@parley/react")];
    const isInstalled = await project.install([...ours, ...registryReact]).then(
      () => true,
      () => false,
    );
    if (!isInstalled) skip("npm's registry, which has React, cannot be reached");
    await typeCheck(project);
    await using site = await buildSite(project);
    const page = await (await browser.newContext()).newPage();
    await page.goto(site.url);
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    const { script, release } = heldReply("It grows", " and ends.");
    product.provider.answer("From React", script);
    await page.getByLabel("Message").fill("From React");
    await page.getByRole("button", { name: "Send" }).click();
    const replies = page.locator("li.ai");
    await replies.getByText("It grows", { exact: true }).waitFor();
    await page.reload();
    await replies.getByText("It grows", { exact: true }).waitFor();
    release();
    await replies.getByText("It grows and ends.").waitFor();
    await page.locator("li.ai[aria-busy=false]").waitFor();
    expect(await page.locator("li").allTextContents()).toEqual(["From React", "It grows and ends."]);
    const stored = await page.evaluate<string>(`Object.entries(localStorage).find(([key]) => /^parley /.test(key))[1]`);
    const { conversationId } = JSON.parse(stored) as { conversationId: string };
    const desk = new OperatorClient(server);
    await desk.say(conversationId, "Ana here.");
    await page.locator("li.operator").getByText("Support: Ana here.").waitFor();
    await desk.change(conversationId, "release", { to: "ai" });
    const held = heldReply("Never", "");
    product.provider.answer("Stop this", held.script);
    await page.getByLabel("Message").fill("Stop this");
    await page.getByRole("button", { name: "Send" }).click();
    await replies.getByText("Never", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Stop" }).waitFor({ state: "detached" });
    held.release();
    expect(await page.locator("li").allTextContents()).toEqual([
      "From React",
      "It grows and ends.",
      "Support: Ana here.",
      "Stop this",
      "Never",
    ]);
    await page.context().close();
  });
});

it("the client's types are those of the schemas: if not, run `npm run write:protocol`", async () => {
  const file = new URL("../../packages/client/source/protocol.d.ts", import.meta.url);
  expect(await readFile(file, "utf8")).toBe(protocolTypes());
  expectTypeOf<Ours.JobView>().toEqualTypeOf<JobView>();
  expectTypeOf<Ours.MessageView>().toEqualTypeOf<MessageView>();
  expectTypeOf<Ours.ConversationView>().toEqualTypeOf<ConversationView>();
  expectTypeOf<Ours.HistoryView>().toEqualTypeOf<HistoryView>();
  expectTypeOf<Ours.HandoffAnswer>().toEqualTypeOf<HandoffAnswer>();
  expectTypeOf<Ours.AssistantInfo>().toEqualTypeOf<AssistantInfo>();
  expectTypeOf<Ours.ProblemBody>().toEqualTypeOf<ProblemBody>();
  expectTypeOf<Ours.SubmitRequest>().toExtend<SubmitRequest>();
  expectTypeOf<Ours.SubmitResponse>().toEqualTypeOf<SubmitResponse>();
  expectTypeOf<Ours.EventData>().toEqualTypeOf<EventData>();
  expectTypeOf<ConversationEvent>().toExtend<Ours.ConversationEvent>();
});

function archive(name: string): string {
  const path = packed.archives.get(name);
  if (path === undefined) throw new Error(`${name} was not packed`);
  return path;
}

/** Puts the address of the service in the place of the documents' one. */
function withServer(files: Record<string, string>): Record<string, string> {
  const filled = Object.entries(files).map(([path, text]) => [
    path,
    text.replaceAll("https://chat.example.com", server),
  ]);
  return Object.fromEntries(filled) as Record<string, string>;
}

async function typeCheck(project: FreshProject): Promise<void> {
  for (const resolution of ["nodenext", "bundler"] as const) {
    await writeFile(join(project.folder, "tsconfig.json"), compilerSettings(resolution, false));
    await project.run("typescript/bin/tsc", ["-p", "."]);
  }
}

async function buildSite(project: FreshProject) {
  await project.run("vite/bin/vite.js", ["build", "--logLevel", "warn"]);
  return serveFolder(join(project.folder, "dist"));
}
