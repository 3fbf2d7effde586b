import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeMessage, decodeHint, encodeDelta } from "./hints.ts";

describe("hints as text", () => {
  it("are parsed to what was written, whatever the text", () => {
    const delta = fc.record(
      { attempt: fc.nat(), offset: fc.nat(), text: fc.string({ unit: "grapheme" }) },
      { requiredKeys: ["attempt", "offset"] },
    );
    fc.assert(
      fc.property(delta, (fields) => {
        expect(decodeHint(encodeDelta(fields))).toStrictEqual({ type: "delta", ...fields });
      }),
    );
    expect(decodeHint(changeMessage)).toEqual({ type: "change" });
  });

  it.each(["", "x", "change", "d", "d1", "d1:", "d:5", "d1:x:text", "dd1:0:text", "d1.5:0:text"])(
    "are a gap when they are not known: %j",
    (message) => {
      expect(decodeHint(message)).toEqual({ type: "gap" });
    },
  );
});
