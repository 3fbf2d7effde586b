import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { FakeCall } from "../../../tools/fake-provider/fake-provider.ts";
import { pausedReply } from "../harness/scripted-provider.ts";
import { onEachBackend } from "../harness/suite.ts";

type Change = (assistant: Record<string, unknown>) => void;

onEachBackend("changed assistants", { apis: 2, workers: 2, ownConfig: true }, (product) => {
  const path = () => join(product().folder ?? "", "config/assistants.json");
  const change = async (apply: Change) => {
    const file = JSON.parse(await readFile(path(), "utf8")) as { assistants: { default: Record<string, unknown> } };
    apply(file.assistants.default);
    await writeFile(`${path()}.new`, JSON.stringify(file));
    await rename(`${path()}.new`, path());
  };
  const processes = () => [...product().apis, ...product().workers];
  const everyLogHas = (text: string) =>
    vi.waitFor(() => expect(processes().filter(({ output }) => !output.includes(text))).toEqual([]), 20_000);
  const shown = () =>
    Promise.all(
      product().apis.map(async ({ url }) => {
        const { assistants } = (await (await fetch(`${url}/api/assistants`)).json()) as { assistants: AssistantInfo[] };
        return assistants.find(({ type }) => type === "default");
      }),
    );
  const greetings = async () => (await shown()).map((assistant) => assistant?.greeting);

  it("are used by every process without a restart, and by no reply that has begun", async () => {
    const { client, provider } = product();
    const held = pausedReply("Half ", "and half.");
    provider.answer("before", held.script);
    const before = await client.submit("before");
    const stream = await client.events(before);
    expect(systemOf(await provider.called("before"))).not.toContain("Speak like a pirate.");
    await change((assistant) => {
      assistant["greeting"] = "Ahoy!";
      assistant["consent"] = true;
      assistant["avatarUrl"] = "https://example.com/parrot.png";
      assistant["instructions"] = "Speak like a pirate.";
    });
    await everyLogHas("the changed assistants, prices and hours are in use");
    expect(await greetings()).toEqual(["Ahoy!", "Ahoy!"]);
    for (const assistant of await shown())
      expect(assistant).toMatchObject({ consent: true, avatarUrl: "https://example.com/parrot.png" });
    for (let n = 0; n < 6; n += 1) {
      const text = `after ${n}`;
      await client.ended(await client.submit(text));
      expect(systemOf(await provider.called(text))).toContain("Speak like a pirate.");
    }
    held.release();
    await stream.ended;
    expect(stream.text).toBe("Half and half.");
  });

  it("with a fault are used by none, and every log says what is wrong", async () => {
    const { client } = product();
    const known = await greetings();
    await change((assistant) => {
      assistant["greeting"] = "Never";
      assistant["instruction"] = "a misspelt field";
    });
    await everyLogHas("changed files are not used");
    await everyLogHas("has unknown fields");
    expect(await greetings()).toEqual(known);
    expect(await client.ended(await client.submit("Still there?"))).toMatchObject({ status: "completed" });
  });

  it("with a budget but no price are used by none: an API, which has no keys, agrees with the workers", async () => {
    await change((assistant) => {
      delete assistant["instruction"];
      assistant["greeting"] = "Cheap";
      assistant["budget"] = 1;
    });
    await everyLogHas("no price for");
    expect(await greetings()).not.toContain("Cheap");
  });
});

/** Instructions of a call. */
function systemOf({ request }: FakeCall): string {
  return request.messages.flatMap(({ role, text }) => (role === "system" ? [text] : [])).join("\n");
}
