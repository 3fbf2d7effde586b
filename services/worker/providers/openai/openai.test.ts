import { providerSuite } from "../provider.testsuite.ts";
import { createOpenaiProvider } from "./openai.ts";

providerSuite("openai", (upstream) => createOpenaiProvider({ ...upstream, model: "test-model" }), {
  cacheUsage: ["cachedInputTokens", "cacheWriteTokens"],
});
