import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listProcesses } from "../../shared/testing/processes/processes.ts";
import { startPart } from "./part.ts";

describe("process of the stack", () => {
  let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
  let stopping: AbortController;
  let hurry: AbortController;

  beforeEach(async () => {
    folder = await mkdtempDisposable(join(tmpdir(), "parley-part-"));
    stopping = new AbortController();
    hurry = new AbortController();
  });
  afterEach(() => folder.remove());

  it("ends gracefully", async () => {
    const part =
      await start(`process.on("SIGTERM", () => process.exit(7)); process.on("disconnect", () => process.exit());
      process.send("ready");`);

    await part.stop();

    expect(await part.exited).toBe("exit code 7");
  });

  it("is killed when hurried", async () => {
    const part = await start(`process.on("SIGTERM", () => undefined); process.on("disconnect", () => undefined);
      process.send("ready");`);

    const stopped = part.stop();
    hurry.abort();
    await stopped;

    expect(await part.exited).toBe("SIGKILL");
  });

  it("gets the given environment", async () => {
    const part = await start(`process.send("ready"); process.exit(process.env.WORD === "hello" ? 5 : 6);`, {
      WORD: "hello",
    });

    expect(await part.exited).toBe("exit code 5");
  });

  it("is gone when a start that was cancelled returns", async () => {
    const starting = start(`process.on("disconnect", () => process.exit());`);
    stopping.abort(new Error("not wanted"));

    await expect(starting).rejects.toThrow("not wanted");

    expect(listProcesses().filter(({ command }) => command.includes(folder.path))).toEqual([]);
  });

  it("reports how it ended if it was never ready", async () => {
    await expect(start("process.exit(3)")).rejects.toThrow("test exited before it was ready (exit code 3)");
  });

  async function start(program: string, env: Record<string, string> = {}) {
    const script = join(folder.path, "test.mjs");
    await writeFile(script, program);
    return startPart({ name: "test", script }, { env, stopping: stopping.signal, hurry: hurry.signal });
  }
});
