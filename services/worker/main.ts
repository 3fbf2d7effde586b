import { enableCompileCache } from "node:module";

enableCompileCache();
const { startProcess } = await import("../../shared/process/start-process.ts");
const { readWorkerConfig } = await import("../../shared/config/config.ts");
const { startWorker } = await import("./worker.ts");

await startProcess("worker", readWorkerConfig, startWorker);
