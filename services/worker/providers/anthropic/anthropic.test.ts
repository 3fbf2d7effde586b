import { providerSuite } from "../provider.testsuite.ts";
import { createAnthropicProvider } from "./anthropic.ts";

providerSuite("anthropic", (upstream) => createAnthropicProvider({ ...upstream, model: "test-model" }));
