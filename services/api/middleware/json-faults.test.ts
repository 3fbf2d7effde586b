import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findJsonFault, findSizeFault } from "./json-faults.ts";

describe("JSON body", () => {
  it("is accepted if it is what an honest client sends", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4, noUnicodeString: false }), (text) => {
        fc.pre(!text.includes("__proto__"));
        expect(findJsonFault(text)).toBeUndefined();
        expect(findJsonFault(JSON.stringify(JSON.parse(text), null, 2))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', "a"],
    ['{"a":1,"b":{"c":1,"d":[{"e":1}],"c":2}}', "c"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"a" \n:1, "b":1, "a"\t:2}', "a"],
    ['{"":1,"":2}', ""],
    [`{"${"x".repeat(500)}":1,"${"x".repeat(500)}":2}`, "x".repeat(64)],
    ['{"\\ud83d":1,"\\ud83d":2}', "\ufffd"],
  ])("has no name twice in one object (%#)", (text, path) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(findJsonFault(text)).toEqual({ path, message: "must not appear more than once" });
  });

  it.each([
    '{"a":{"x":1},"b":{"x":1}}',
    '[{"x":1},{"x":1}]',
    '{"a":"b","b":"a","c":["a","a"]}',
    '{"a":"\\"a\\":1,\\"a\\":2"}',
    '{"a\\"":1,"a":2,"a\\\\":3}',
    '{"toString":1,"constructor":2,"hasOwnProperty":3}',
    '"just text"',
    "[]",
  ])("may have the same name in several (%#)", (text) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(findJsonFault(text)).toBeUndefined();
  });

  it.each(['{"__proto__":{"admin":true}}', '{"a":[{"__proto__":null}]}', '{"__pr\\u006fto__":1}'])(
    "names no prototype (%#)",
    (text) => {
      expect(findJsonFault(text)).toEqual({ path: "__proto__", message: "is not allowed as a property name" });
    },
  );

  it("is rejected when nested too deeply", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(findJsonFault(nested(16))).toBeUndefined();
    expect(findJsonFault(nested(17))?.message).toContain("nested");
    expect(findJsonFault(`{"a":${nested(30_000)}}`)?.message).toContain("nested");
    expect(findJsonFault('{"a":'.repeat(17) + "1" + "}".repeat(17))?.message).toContain("nested");
  });

  it("is rejected before parsing above 4,096 names, objects and arrays", () => {
    const sizeFault = (text: string) => findSizeFault(Buffer.from(text))?.message;
    const objects = (count: number) => `[${Array.from({ length: count }, () => "{}").join()}]`;
    const names = (count: number) => `{${Array.from({ length: count }, (_, index) => `"${index}":1`).join()}}`;
    for (const make of [objects, names]) {
      expect(sizeFault(make(4095))).toBeUndefined();
      expect(sizeFault(make(4096))).toBe("must have at most 4096 names, objects and arrays");
      expect(sizeFault(make(30_000))).toBe("must have at most 4096 names, objects and arrays");
    }
    expect(sizeFault(`${"[".repeat(16)}${"]".repeat(16)}`)).toBeUndefined();
    expect(sizeFault("[".repeat(30_000))).toContain("nested");
    // In a string they are text.
    const text = '{[:"\\'.repeat(10_000);
    expect(sizeFault(JSON.stringify({ message: text, [text]: [text] }))).toBeUndefined();
  });

  it("is measured in one pass even if it is invalid JSON", () => {
    for (const text of ['\\"'.repeat(100_000), '"'.repeat(200_001), `"${"\\".repeat(200_001)}`, "]".repeat(200_000)]) {
      const began = process.cpuUsage();
      expect(findSizeFault(Buffer.from(text))).toBeUndefined();
      expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
    }
  });

  it("is scanned in time linear in its length", () => {
    const long = JSON.stringify({ message: '\\"'.repeat(60_000), history: Array.from({ length: 5000 }, () => "[{") });
    const began = process.cpuUsage();
    expect(findJsonFault(long)).toBeUndefined();
    // Microseconds of this process, however busy the machine is; time that grew with its square would be minutes.
    expect(process.cpuUsage(began).user).toBeLessThan(2_000_000);
  });
});
