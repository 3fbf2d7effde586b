import { Agent, request } from "undici";
import { expect, it } from "vitest";
import type { ServiceProcess } from "../harness/processes.ts";
import { onEachBackend } from "../harness/suite.ts";

/** Kept connections, each with the next message as soon as the last one is answered. */
const clients = 24;
const rounds = 3;
/** Messages of each client accepted before the process is told to end: its connection is kept by then. */
const warmUp = 4;

interface Outcome {
  accepted: number;
  /** Connections that were closed by an answer that said so. */
  closings: number;
  /** Found their connection closed, as it should be when it was idle for long, and nobody who listens. */
  refused: number;
  /** Failures seen by a client that sent a message and got neither an answer nor a refused connection. */
  broken: string[];
}

/** No worker answers what is accepted: the API, which is under test, has the machine for itself. */
const env = { MAX_BACKLOG: "1000000" };

onEachBackend("an API during shutdown under load", { apis: 0, workers: 0, env }, (product) => {
  it("resets no connection in use, and answers each accepted message", { timeout: 90_000 }, async () => {
    const messages: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const api = await product().startApi();
      const outcome: Outcome = { accepted: 0, closings: 0, refused: 0, broken: [] };
      let warm = 0;
      let stopped: Promise<unknown> | undefined;
      const onAccepted = (count: number) => {
        if (count === warmUp) warm += 1;
        if (warm === clients) stopped ??= api.stop();
      };
      await Promise.all(Array.from({ length: clients }, () => keepSending(api, outcome, onAccepted)));
      expect(await stopped).toBe(0);
      expect(outcome.broken).toEqual([]);
      expect(outcome.closings + outcome.refused).toBe(clients);
      expect(outcome.closings).toBeGreaterThan(0);
      messages.push(outcome.accepted);
    }
    const [stored] = await product().query<{ count: number }>(
      "select count(*)::int as count from messages where sender = 'user'",
    );
    expect(stored?.count).toBe(messages.reduce((sum, count) => sum + count, 0));
  });
});

/** Sends messages over one connection until the service says that it closes. */
async function keepSending(api: ServiceProcess, outcome: Outcome, onAccepted: (count: number) => void): Promise<void> {
  const agent = new Agent({ connections: 1, pipelining: 1 });
  try {
    for (let count = 1; ; count += 1) {
      const { statusCode, headers, body } = await request(`${api.url}/api/chat`, {
        dispatcher: agent,
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ message: `message ${count}` }),
      });
      await body.dump();
      if (statusCode !== 202) throw new Error(`status ${statusCode}`);
      outcome.accepted += 1;
      onAccepted(count);
      if (headers["connection"] !== "close") continue;
      outcome.closings += 1;
      return;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") outcome.refused += 1;
    else outcome.broken.push(String(error));
  } finally {
    await agent.destroy();
  }
}
