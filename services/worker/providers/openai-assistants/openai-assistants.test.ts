import { providerSuite, testRequest } from "../provider.testsuite.ts";
import { createAssistantsProvider } from "./openai-assistants.ts";

providerSuite("openai-assistants", (upstream) => createAssistantsProvider({ ...upstream, assistantId: "asst_test" }), {
  request: { ...testRequest, threadId: "thread_before" },
});
