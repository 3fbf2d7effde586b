import { expect, it } from "vitest";
import { pause } from "./pause.ts";

it("pause resolves after its time", async () => {
  await expect(pause(1, new AbortController().signal)).resolves.toBeUndefined();
});

it("pause resolves as soon as its signal is aborted", async () => {
  const stopping = new AbortController();
  const paused = pause(2 ** 30, stopping.signal);
  stopping.abort();
  await expect(paused).resolves.toBeUndefined();
  await expect(pause(2 ** 30, stopping.signal)).resolves.toBeUndefined();
});
