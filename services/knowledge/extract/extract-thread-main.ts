import { parentPort } from "node:worker_threads";
import { runExtraction, type ExtractionInput } from "./extraction.ts";

// A thread of its own reads pages one at a time, so that a page that hangs can be ended.
parentPort?.on("message", (input: ExtractionInput) => {
  void runExtraction(input).then((extraction) => parentPort?.postMessage(extraction, []));
});
