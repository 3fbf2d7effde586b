import { expect, it } from "vitest";
import { messageOf } from "../harness/scripted-provider.ts";
import { onEachBackend } from "../harness/suite.ts";

/** A port on which nothing listens. */
const nowhere = "http://127.0.0.1:1/v1";
const env = { OPENAI_API_KEY: "sk-of-nobody", OPENAI_BASE_URL: nowhere };

onEachBackend("shipped assistants, while the first of two configured providers is down", { env }, (product) => {
  it("are answered by the other one, and the reply says so", async () => {
    const { client, provider } = product();
    const stream = await client.events(await client.submit("Who is there?"));
    await stream.ended;
    expect(stream.terminal).toMatchObject({
      event: "done",
      data: { provider: "compatible", reply: { text: "You said: Who is there?", fallback: true } },
    });
    expect(provider.calls.filter((call) => messageOf(call) === "Who is there?")).toHaveLength(1);
  });

  it("are answered by the other one also where the request names the first", async () => {
    const { client } = product();
    const job = await client.ended(await client.submit({ message: "Openai, please", provider: "openai" }));
    expect(job).toMatchObject({ provider: "compatible", reply: { text: "You said: Openai, please", fallback: true } });
  });
});
