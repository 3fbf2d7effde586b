import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProviderError } from "../provider.ts";
import { createFromEvent } from "./from-event.ts";

const oddity = fc.constantFrom(null, 0, 1.5, true, "", "a word", [], {}, [{ type: "text", text: "part" }]);
/** A usual value, as often as not. */
const mostly = <Value>(...usual: Value[]) => fc.oneof({ arbitrary: fc.constantFrom(...usual), weight: 6 }, oddity);
const message = fc.record(
  { role: mostly("assistant"), content: mostly("", "a", "b"), refusal: mostly(null), reasoning_content: mostly("") },
  { requiredKeys: [] },
);
const choice = fc.record(
  {
    delta: fc.oneof({ arbitrary: message, weight: 4 }, oddity),
    message: mostly(undefined),
    text: mostly(undefined, null),
    index: mostly(undefined, 0, 1),
    finish_reason: mostly(null, "stop"),
    usage: mostly(null),
  },
  { requiredKeys: [] },
);
const event = fc.record(
  {
    id: mostly("one", "two"),
    object: mostly("chat.completion.chunk"),
    model: mostly("m"),
    choices: fc.oneof({ arbitrary: fc.array(choice, { maxLength: 2 }), weight: 6 }, oddity),
  },
  { requiredKeys: ["choices"] },
);

/** Parts of a reply's events. */
function read(events: readonly object[]): unknown[] {
  const { toPart, rest } = createFromEvent();
  const parts = events.map((each) => {
    try {
      return toPart(JSON.stringify(each));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return [error.code, error.message];
    }
  });
  return [...parts, rest()];
}

describe("event of a chat completion", () => {
  it("is read alike with and without the schema, whatever its fields hold", () => {
    const property = fc.property(fc.array(event, { maxLength: 4 }), (events) => {
      // A field that no server sends in this shape, and that the schema drops.
      const odd = events.map((each) => ({ ...each, x_groq: 0 }));
      expect(read(events)).toEqual(read(odd));
    });
    fc.assert(property, { numRuns: 1000 });
  });
});
