import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Least coverage of each folder in percent, two points beneath the one measured on 2026-11-29. What runs in a process of
 * its own or in a browser is not counted: hence the low floors of the API, the widget and the stack, which `test/` covers.
 */
const coverageFloors = {
  "services/api/**": { lines: 58, branches: 44 },
  "services/doctor/**": { lines: 91, branches: 70 },
  "services/stack/**": { lines: 44, branches: 38 },
  "services/widget/**": { lines: 13, branches: 13 },
  "services/worker/**": { lines: 91, branches: 89 },
  "shared/assistants/**": { lines: 81, branches: 73 },
  "shared/async/**": { lines: 98, branches: 90 },
  "shared/config/**": { lines: 96, branches: 93 },
  "shared/db/**": { lines: 88, branches: 84 },
  "shared/embedded-postgres/**": { lines: 90, branches: 71 },
  "shared/jobs/**": { lines: 95, branches: 88 },
  "shared/live/**": { lines: 95, branches: 80 },
  "shared/markdown/**": { lines: 90, branches: 85 },
  "shared/postgres/**": { lines: 78, branches: 72 },
  "shared/process/**": { lines: 44, branches: 45 },
  "shared/protocol/**": { lines: 98, branches: 98 },
  "shared/queue/**": { lines: 98, branches: 88 },
  "shared/redis/**": { lines: 97, branches: 92 },
  "shared/stores/**": { lines: 69, branches: 90 },
  "shared/tracing/**": { lines: 87, branches: 73 },
  "tools/fake-provider/**": { lines: 77, branches: 74 },
};

/** Files that last for minutes although they are small, mostly waiting: begun late, they would be the end of a run. */
const longest = [
  "test/chaos/chaos.test.ts",
  "test/chaos/actions/actions.test.ts",
  "test/proxies/proxies.test.ts",
  "test/clients/clients.test.ts",
  "test/system/reliability/outages.test.ts",
  "test/system/knowledge/sites/sites.test.ts",
  "test/security/fuzz.test.ts",
];

const isLong = ({ moduleId }: TestSpecification) => longest.some((file) => moduleId.endsWith(`/${file}`));

/** Files on products that outlive them: side by side these idle least, and at the end of a run short files fill it best. */
const sharesProducts = ({ moduleId }: TestSpecification) =>
  /onSharedProducts\(|withSharedProducts\./.test(readFileSync(moduleId, "utf8"));

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const ofKind = Map.groupBy(files, (file) => (isLong(file) ? "long" : sharesProducts(file) ? "sharing" : "other"));
    const sorted = (kind: "other" | "sharing") => BaseSequencer.prototype.sort.call(this, ofKind.get(kind) ?? []);
    return [...(ofKind.get("long") ?? []), ...(await sorted("other")), ...(await sorted("sharing"))];
  }
}

export default defineConfig({
  test: {
    include: ["{shared,services,packages,tools,bench,test}/**/*.test.ts"],
    environment: "node",
    globalSetup: "shared/testing/global-setup.ts",
    pool: "forks",
    // Files share the modules that their process has loaded: each file would load them anew.
    isolate: false,
    // Tests start servers and processes of their own, and many wait for those: three files at a time fill two cores.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Tests that are told to run together mostly wait, for a lease to end, say.
    maxConcurrency: 10,
    // Processes and their migrations start within tests and hooks. On a busy machine each takes seconds.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 15_000,
    // A second, the default, is too short for what other processes do on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    retry: 0,
    // Measured by `npm run coverage` alone: it makes a run slower.
    coverage: {
      provider: "v8",
      include: ["{shared,services,packages,tools}/**/*.ts"],
      exclude: ["**/*.test.ts", "**/*.testsuite.ts", "**/testing/**", "**/recorded/**", "**/dist/**"],
      reporter: ["text-summary", "json-summary"],
      thresholds: coverageFloors,
    },
  },
});
