import { describe, expect, it } from "vitest";
import { OpenRequests } from "./open-requests.ts";

describe("open requests of a client", () => {
  it("are limited per client and released when one ends", () => {
    const open = new OpenRequests(2);
    const requests = Array.from({ length: 4 }, () => new AbortController());
    const [first, second, third, fourth] = requests as [
      AbortController,
      AbortController,
      AbortController,
      AbortController,
    ];
    expect([first, second, third].map(({ signal }) => open.take("a", signal))).toEqual([true, true, false]);
    expect(open.take("b", fourth.signal)).toBe(true);
    expect(open.count).toBe(3);
    first.abort();
    expect(open.take("a", third.signal)).toBe(true);
    expect(open.take("a", new AbortController().signal)).toBe(false);
    for (const request of requests) request.abort();
    expect(open.count).toBe(0);
  });

  it("are not counted for a request that already ended", () => {
    const open = new OpenRequests(1);
    expect(open.take("a", AbortSignal.abort())).toBe(true);
    expect(open.count).toBe(0);
    expect(open.take("a", new AbortController().signal)).toBe(true);
  });
});
