import { setImmediate as yieldToOthers, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Lifecycle } from "./lifecycle.ts";
import { quietLog, recordingLog } from "../testing/fixtures/quiet-log.ts";

const never = () => new Promise<void>(() => undefined);

describe("closing a process", () => {
  it("closes in reverse order of opening, one at a time", async () => {
    const lifecycle = new Lifecycle(quietLog());
    const order: string[] = [];
    for (const name of ["database", "queue", "server"]) {
      lifecycle.onClose(name, async () => {
        order.push(`${name} begins`);
        await yieldToOthers();
        order.push(`${name} ends`);
      });
    }
    await lifecycle.close(1000);
    expect(order).toEqual([
      "server begins",
      "server ends",
      "queue begins",
      "queue ends",
      "database begins",
      "database ends",
    ]);
  });

  it("happens once for repeated calls", async () => {
    const lifecycle = new Lifecycle(quietLog());
    let closed = 0;
    lifecycle.onClose("once", () => {
      closed += 1;
    });
    await Promise.all([lifecycle.close(1000), lifecycle.close(1000)]);
    await lifecycle.close(1000);
    expect(closed).toBe(1);
  });

  it("continues after a failure, early or late, and logs its name", async () => {
    const { log, lines } = recordingLog();
    const lifecycle = new Lifecycle(log);
    let closed = false;
    lifecycle.onClose("database", () => {
      closed = true;
    });
    lifecycle.onClose("queue", () => Promise.reject(new Error("no")));
    lifecycle.onClose("server", () => {
      throw new Error("never");
    });
    await lifecycle.close(1000);
    expect(closed).toBe(true);
    expect(lines.map(({ msg }) => msg)).toEqual(["server did not close cleanly", "queue did not close cleanly"]);
  });

  it("waits for a hanging step until the deadline and gives the rest a moment afterwards", async () => {
    const { log, lines } = recordingLog();
    const lifecycle = new Lifecycle(log);
    let closed = false;
    lifecycle.onClose("database", async () => {
      await sleep(50);
      closed = true;
    });
    lifecycle.onClose("queue", never);
    lifecycle.onClose("server", never);
    const began = performance.now();
    await lifecycle.close(300);
    const took = performance.now() - began;
    expect(closed).toBe(true);
    expect(lines.map(({ msg }) => msg)).toEqual(["server did not close cleanly", "queue did not close cleanly"]);
    expect(took).toBeGreaterThan(300);
    expect(took).toBeLessThan(2000);
  });

  it("does nothing if nothing was opened", async () => {
    await expect(new Lifecycle(quietLog()).close(0)).resolves.toBeUndefined();
  });
});
