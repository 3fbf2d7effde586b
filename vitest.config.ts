import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,services,tools,bench,test}/**/*.test.ts"],
    environment: "node",
    globalSetup: "shared/testing/global-setup.ts",
    pool: "forks",
    // Tests start servers and processes of their own, and many wait for those: three files at a time fill two cores.
    maxWorkers: 3,
    // Tests that are told to run together mostly wait, for a lease to end, say.
    maxConcurrency: 10,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    teardownTimeout: 15_000,
    retry: 0,
  },
});
