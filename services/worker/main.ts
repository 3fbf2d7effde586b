import { enableCompileCache } from "node:module";

enableCompileCache();
const { startProcess } = await import("../../shared/start-process.ts");
const { readConfig } = await import("../../shared/config.ts");
const { startWorker } = await import("./worker.ts");

await startProcess("worker", readConfig, startWorker);
