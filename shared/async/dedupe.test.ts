import { describe, expect, it } from "vitest";
import { dedupe } from "./dedupe.ts";

/** Reads that the test completes. */
function slowReads() {
  const begun: { key: string; end: PromiseWithResolvers<string> }[] = [];
  const read = dedupe(async (...key: [string, number]) => {
    const end = Promise.withResolvers<string>();
    begun.push({ key: key.join(" "), end });
    return end.promise;
  });
  return { begun, read: (name = "a", from = 0) => read(name, from) };
}

describe("shared read", () => {
  it("is made once for all callers that wait while the previous one is in flight", async () => {
    const { begun, read } = slowReads();
    const first = read();
    const late = [read(), read(), read()];
    expect(begun).toHaveLength(1);
    begun[0]?.end.resolve("old");
    expect(await first).toBe("old");
    await expect.poll(() => begun.length, { interval: 1 }).toBe(2);
    begun[1]?.end.resolve("new");
    expect(await Promise.all(late)).toEqual(["new", "new", "new"]);
    void read();
    expect(begun).toHaveLength(3);
  });

  it("is made separately for each key", () => {
    const { begun, read } = slowReads();
    void read("a", 0);
    void read("a", 1);
    void read("b", 0);
    expect(begun.map(({ key }) => key)).toEqual(["a 0", "a 1", "b 0"]);
  });

  it("fails for the callers that share it and is repeated for later ones", async () => {
    const { begun, read } = slowReads();
    const first = read();
    const second = read();
    begun[0]?.end.reject(new Error("away"));
    await expect(first).rejects.toThrow("away");
    await expect.poll(() => begun.length, { interval: 1 }).toBe(2);
    begun[1]?.end.resolve("back");
    expect(await second).toBe("back");
  });
});
