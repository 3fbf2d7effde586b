import { describe } from "vitest";
import { describeDrafts } from "./drafts/live-drafts.testsuite.ts";
import { describeFailures } from "./live-failures.testsuite.ts";
import { patiently, type StartFixture } from "./live-fixture.testsuite.ts";
import { describeHints } from "./live-hints.testsuite.ts";

interface LiveBackend {
  start: StartFixture;
  /** The longest delta of attempt 1, offset 0 that is hinted with its text, in ASCII. */
  longestHintedDelta: number;
}

/** Behaviour required of every backend. */
export function describeLive({ start, longestHintedDelta }: LiveBackend): void {
  describe("drafts", () => {
    describeDrafts(patiently(start));
  });
  describe("hints", () => {
    describeHints(patiently(start), longestHintedDelta);
  });
  describe("when the store fails", () => {
    describeFailures(start);
  });
}
