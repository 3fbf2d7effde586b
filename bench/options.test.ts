import { describe, expect, it } from "vitest";
import { benchHelp, BenchOptionsError, readBenchOptions } from "./options.ts";

describe("readBenchOptions()", () => {
  it("takes a folder with data, and says that a missing one is missing", () => {
    const { dirname } = import.meta;
    expect(readBenchOptions(["--data", dirname], [])).toMatchObject({ data: dirname, only: [] });
    expect(() => readBenchOptions(["--data", `${dirname}/none`], [])).toThrow(BenchOptionsError);
    expect(() => readBenchOptions(["--data", `${dirname}/main.ts`], [])).toThrow("--data: there is no folder");
  });

  it("names the known scenarios where one is unknown", () => {
    expect(readBenchOptions(["--only", "answer"], ["answer"])).toMatchObject({ only: ["answer"], data: undefined });
    expect(() => readBenchOptions(["--only", "answers"], ["answer"])).toThrow(
      "unknown scenario answers; expected some of answer",
    );
  });

  it("describes every option in the help text", () => {
    for (const name of ["only", "quick", "full", "check", "record", "plot", "against", "data", "unbatched", "help"])
      expect(benchHelp).toContain(`  --${name} `);
  });
});
