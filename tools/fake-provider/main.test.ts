import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";

const main = path.join(import.meta.dirname, "main.ts");
const messages = [{ role: "user", content: "Hello" }];
const atOnce = ["--first-ms", "0", "--inter-ms", "0"];

let tools: Tool[] = [];
afterEach(async () => {
  await Promise.all(tools.map((tool) => tool.end()));
  tools = [];
});

describe("the fake provider's command", () => {
  it("answers by each of the four APIs, in readable sentences", async () => {
    const origin = await start(...atOnce, "--tokens", "12");
    const completion = await post(`${origin}/v1/chat/completions`, { model: "m", messages });
    const message = await post(`${origin}/v1/messages`, { model: "m", messages });
    const response = await post(`${origin}/v1/responses`, { model: "m", input: "Hello" });
    const run = await stream(`${origin}/v1/threads/thread_1/runs`, { assistant_id: "a", stream: true });

    expect(completion).toHaveProperty(
      "choices.0.message.content",
      "Good question! You can send anything back within thirty days, as long.",
    );
    expect(message).toHaveProperty(
      "content.0.text",
      expect.stringMatching(/^I am glad that you ask\. (\S+ ){5}\S+\.$/),
    );
    expect(response).toHaveProperty("output.0.content.0.text", expect.stringMatching(/^Thank you for your message! /));
    expect(run.match(/"value":" question!"/)).not.toBeNull();
  });

  it("stores the conversations of OpenAI", async () => {
    const origin = await start(...atOnce);
    const { id } = (await post(`${origin}/v1/conversations`, {})) as { id: string };
    await post(`${origin}/v1/responses`, { model: "m", input: "Hello", conversation: id });
    const items: unknown = await (await fetch(`${origin}/v1/conversations/${id}/items?order=asc`)).json();
    expect(items).toMatchObject({ data: [{ role: "user", content: [{ text: "Hello" }] }, { role: "assistant" }] });
  });

  it("takes the pace of a call from its model", async () => {
    const origin = await start("--first-ms", "3600000");
    const body = await post(`${origin}/v1/chat/completions`, { model: "fake-0-0-3", messages });
    expect(body).toHaveProperty("usage.completion_tokens", 3);
  });

  it("counts calls", async () => {
    const origin = await start(...atOnce);
    await post(`${origin}/v1/messages`, { model: "m", messages });
    expect(await (await fetch(`${origin}/stats`)).json()).toMatchObject({ maxInflight: 1, total: 1 });
  });

  it("injects the requested faults in the format of the called API, and prints them", async () => {
    const tool = open("--fault-rate", "1", "--faults", "529");
    const origin = await tool.origin();
    const answer = await call(`${origin}/v1/messages`, { model: "m", messages });
    expect(answer.status).toBe(529);
    expect(await answer.json()).toMatchObject({ type: "error", error: { type: "overloaded_error" } });
    expect(await tool.said(/^call 1, \/v1\/messages: (.*)$/m)).toHaveProperty("1", "529");
  });

  it("injects the same faults for the same seed", async () => {
    const first = await statuses("7");
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await statuses("7")).toEqual(first);
    expect(await statuses("8")).not.toEqual(first);
  });

  it("prints the settings that connect Parley to it", async () => {
    const tool = open();
    const origin = await tool.origin();
    const [said] = await tool.said(/[^]*OPENAI_ASSISTANT_ID=.*/);
    expect(said.match(/^ *[A-Z_]+=.*$/gm)?.map((line) => line.trim())).toEqual([
      `COMPATIBLE_BASE_URL=${origin}/v1`,
      `ANTHROPIC_BASE_URL=${origin}`,
      "ANTHROPIC_API_KEY=fake",
      `OPENAI_BASE_URL=${origin}/v1`,
      "OPENAI_API_KEY=fake",
      "OPENAI_ASSISTANT_ID=asst_fake",
    ]);
  });

  it("prints its help", async () => {
    expect(await open("--help").said(/--fault-rate.*/)).toHaveProperty("0", expect.stringContaining("0.3"));
  });

  it.each([
    [["--prot", "1"], /'--prot'/],
    [["--port", "x", "--fault-rate", "2", "--faults", "429,boom"], /--port: .*\n--fault-rate: .*\n--faults: .*cut/],
  ])("refuses %j, and says what is expected", async (args, expected) => {
    expect(await open(...args).failure()).toMatch(expected);
  });

  it("reports a port in use", async () => {
    const origin = await start();
    expect(await open("--port", new URL(origin).port).failure()).toContain("is in use");
  });
});

class Tool {
  readonly #child;
  #output = "";
  #look = () => {};

  constructor(args: string[]) {
    this.#child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout.setEncoding("utf8").on("data", (more: string) => {
      this.#output += more;
      this.#look();
    });
  }

  async origin(): Promise<string> {
    return (await this.said(/listens at (\S+)\. /))[1] ?? "";
  }

  /** Resolves once its output holds that. */
  said(expected: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      this.#look = () => {
        const found = expected.exec(this.#output);
        if (found) resolve(found);
      };
      this.#look();
      this.#child.once("close", () => reject(new Error(`it ended, and had said: ${this.#output}`)));
    });
  }

  /** Message of the process when it does not start. */
  async failure(): Promise<string> {
    const [said] = await Promise.all([text(this.#child.stderr), once(this.#child, "close")]);
    if (this.#child.exitCode !== 2) throw new Error(`it ended with ${this.#child.exitCode}`);
    return said;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, "close");
    this.#child.kill();
    await closed;
  }
}

function open(...args: string[]): Tool {
  const tool = new Tool(args.includes("--port") ? args : ["--port", "0", ...args]);
  tools.push(tool);
  return tool;
}

function start(...args: string[]): Promise<string> {
  return open(...args).origin();
}

/** Statuses of thirty calls, one after the other. */
async function statuses(seed: string): Promise<number[]> {
  const origin = await start(...atOnce, "--seed", seed, "--fault-rate", "0.5", "--faults", "500");
  const answers: number[] = [];
  for (let i = 0; i < 30; i++) {
    const answer = await call(`${origin}/v1/chat/completions`, { model: "m", messages });
    await answer.text();
    answers.push(answer.status);
  }
  return answers;
}

function call(url: string, body: object): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(body) });
}

async function post(url: string, body: object): Promise<unknown> {
  return (await call(url, body)).json();
}

async function stream(url: string, body: object): Promise<string> {
  return (await call(url, body)).text();
}
