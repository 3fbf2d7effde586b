import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { findFreePort } from "../../shared/testing/processes/free-port.ts";
import { launchChromium } from "../../shared/testing/processes/chromium.ts";
import { frontEnds, type FrontEnd } from "./front-ends.ts";
import {
  compilerSettings,
  createProject,
  filesOf,
  type FreshProject,
  packPackages,
  serveFolder,
} from "./fresh-project.ts";

// Tries the documents of front ends: each one's files in a fresh project with its framework from npm's registry, built, and
// used in Chromium. Minutes long, so by hand: `npm start` in one terminal, this in another.

const usage = `npm run front-ends -- [--server http://localhost:3000] [${Object.keys(frontEnds).join(" ")}]`;
const { values, positionals } = parseArgs({
  options: { server: { type: "string", default: "http://localhost:3000" } },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : Object.keys(frontEnds);
const unknown = names.filter((name) => !(name in frontEnds));
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(", ")}\n${usage}`);
  process.exit(2);
}

await using packed = await packPackages();
const browser = await launchChromium();
for (const name of names) {
  const frontEnd = frontEnds[name];
  if (frontEnd === undefined) continue;
  const startedAt = performance.now();
  try {
    await tryFrontEnd(frontEnd);
    console.log(`ok      ${name} (${Math.round((performance.now() - startedAt) / 1000)} s)`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`failed  ${name}: ${String(error).slice(0, 2000)}`);
  }
}
await browser.close();

async function tryFrontEnd({ document, packages, files = {}, checks = [], kind, use }: FrontEnd): Promise<void> {
  const written = document === undefined ? {} : await filesOf(document);
  const filled = Object.entries({ ...written, ...files }).map(([path, text]) => [path, atServer(text)]);
  await using project = await createProject(Object.fromEntries(filled) as Record<string, string>);
  await project.install([...packed.archives.values(), ...packages]);
  if (kind !== "next") await writeFile(join(project.folder, "tsconfig.json"), compilerSettings("bundler", true));
  for (const [program, ...args] of checks) await project.own(program, args.map(atServer));
  if (kind === "bundle") return;
  if (kind === "node") {
    const printed = await project.node("main.ts", {});
    if (printed.trim() === "" || printed.trim() === "undefined") throw new Error("no reply was printed");
    return;
  }
  await using site = kind === "next" ? await startNext(project) : await buildWithVite(project);
  const context = await browser.newContext({ locale: "en-US" });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error" && !line.text().includes("404")) faults.push(line.text());
  });
  await page.goto(site.url);
  if (use.includes("element")) await useElement(page);
  if (use.includes("hook")) await useHook(page);
  await context.close();
  if (faults.length > 0) throw new Error(`the page complained: ${faults.join(", ")}`);
}

function atServer(text: string): string {
  return text.replaceAll(/https:\/\/chat\.example\.com|http:\/\/localhost:3000/g, values.server);
}

/** Sends a message in `<parley-chat>`, and waits for its reply. */
async function useElement(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.locator(".composer textarea").fill("Hello");
  await page.locator(".composer textarea").press("Enter");
  await page.locator(".reply").getByRole("button", { name: "Helpful", exact: true }).waitFor();
  await page.keyboard.press("Escape");
}

/** Presses the page's own button, and waits for a reply beside the message. */
async function useHook(page: Page): Promise<void> {
  const input = page.getByLabel("Message", { exact: true });
  if ((await input.count()) > 0) await input.fill("Where is my order?");
  await page.getByRole("button", { name: /^(Send|Where is my order\?)$/ }).click();
  await page.locator("li.ai[aria-busy=false], main > p:nth-of-type(2), main .assistant p").getByText(/\w+/).waitFor();
}

async function buildWithVite(project: FreshProject) {
  await project.own("vite/bin/vite.js", ["build", "--logLevel", "warn"]);
  return serveFolder(join(project.folder, "dist"));
}

async function startNext(project: FreshProject) {
  await project.own("next/dist/bin/next", ["build"]);
  const port = await findFreePort();
  const program = join(project.folder, "node_modules/next/dist/bin/next");
  const server = spawn(process.execPath, [program, "start", "--port", String(port)], { cwd: project.folder });
  const url = `http://localhost:${port}`;
  const isUp = () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  for (let tries = 0; tries < 100 && !(await isUp()); tries += 1) await sleep(200);
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.kill();
      await once(server, "exit");
    },
  };
}
