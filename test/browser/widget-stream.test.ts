import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../../shared/testing/processes/chromium.ts";
import { openScripted, patience, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

/** Longest task that may keep a page from answering its visitor, in milliseconds. */
const longestTaskMs = 50;

const paragraph =
  "This is **one** of many paragraphs with a [link](https://example.com/page) and `some code`, so that it is like what models write when they are asked for a lot of text. ";
const section = `## A section\n\n${paragraph.repeat(4)}\n\n1. First *item* of a list\n2. Second item\n   - with one below\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\`\`\`js\nconst code = 1;\n\`\`\`\n\n`;
const reply = section.repeat(14);

let host: WidgetHost;
let browser: Browser;

describe.skipIf(chromiumPath === undefined)("a long reply in the widget", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    [host, browser] = await Promise.all([openWidgetHost(), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it("streams two thousand words without a long task", async () => {
    expect(reply.split(/\s+/).length).toBeGreaterThan(2000);
    await using widget = await openScripted(browser, host, { context: { reducedMotion: "no-preference" } });
    const earlier = Array.from({ length: 20 }, (_, n) => [
      talk.question(`question ${n}`),
      talk.reply(section, { key: `reply ${n}` }),
    ]).flat();
    await widget.set({ assistant: support, messages: earlier });
    await widget.open();
    await widget.page.locator(".reply strong").first().waitFor();
    await browser.startTracing(widget.page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
    await widget.page.evaluate(stream(reply));
    const trace = await browser.stopTracing();
    await expect.poll(() => widget.page.locator(".reply").last().locator("h3").count(), patience).toBe(14);
    const tasks = mainThreadTasks(trace);
    expect(tasks.length).toBeGreaterThan(200);
    // Tasks count by their own time: other programs on this machine count for nothing.
    expect(Math.max(...tasks)).toBeLessThan(longestTaskMs);
  });

  it("grows evenly when its text arrives in bursts", async () => {
    await using widget = await openScripted(browser, host, { context: { reducedMotion: "no-preference" } });
    await widget.open();
    await widget.put(talk.reply("It begins.", { phase: "writing" }));
    await widget.page.getByText("It begins.").waitFor();
    const lengths = await widget.page.evaluate<number[]>(burst(`It begins. ${"more and more ".repeat(20)}`));
    const steps = lengths.slice(1).map((length, index) => length - (lengths[index] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(80);
    expect(lengths.at(-1)).toBeGreaterThan(280);
  });
});

/** Puts it into the chat as a stream would, a few characters each frame. */
function stream(text: string): string {
  return `new Promise((resolve) => {
    const text = ${JSON.stringify(text)};
    let end = 0;
    const step = () => {
      end = Math.min(text.length, end + 40);
      const phase = end === text.length ? "complete" : "writing";
      scripted.put({ sender: "ai", key: "long", id: "long", text: text.slice(0, end), timestamp: Date.now(), phase });
      if (phase === "writing") requestAnimationFrame(step);
      else setTimeout(resolve, 500);
    };
    step();
  })`;
}

/** Puts it into the chat at once, and notes how much of it is shown with each frame. */
function burst(text: string): string {
  return `new Promise((resolve) => {
    const shown = document.querySelector("parley-chat").shadowRoot.querySelector(".reply .text");
    const lengths = [];
    const look = () => {
      lengths.push(shown.textContent.length);
      if (lengths.length < 60) requestAnimationFrame(look);
      else resolve(lengths);
    };
    scripted.put({ sender: "ai", key: "reply", text: ${JSON.stringify(text)}, timestamp: Date.now(), phase: "writing" });
    look();
  })`;
}

/** How much processor time each task of the page's main thread took, in milliseconds. */
function mainThreadTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threads = traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) =>
      name.endsWith("RunTask") && threads.some((thread) => thread.pid === pid && thread.tid === tid),
  );
  return tasks.map(({ tdur, dur }) => (tdur ?? dur ?? 0) / 1000);
}

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds, by the clock and of the thread. */
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}
