import { describe, expect, it } from "vitest";
import { SharedReads } from "./shared-reads.ts";

/** Reads that end when they are told to. */
function slowReads() {
  const begun: { key: string; end: PromiseWithResolvers<string> }[] = [];
  const reads = new SharedReads(async (...key: [string, number]) => {
    const end = Promise.withResolvers<string>();
    begun.push({ key: key.join(" "), end });
    return end.promise;
  });
  return { begun, read: (name = "a", from = 0) => reads.read(name, from) };
}

describe("a read that many want at the same moment", () => {
  it("is made once for all who ask while the one before it is under way, after which something may have changed", async () => {
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

  it("is another one for every thing that is read", () => {
    const { begun, read } = slowReads();
    void read("a", 0);
    void read("a", 1);
    void read("b", 0);
    expect(begun.map(({ key }) => key)).toEqual(["a 0", "a 1", "b 0"]);
  });

  it("fails for those who share it, and is made again for the others", async () => {
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
