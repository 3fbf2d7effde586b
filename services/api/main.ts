import { enableCompileCache } from "node:module";

enableCompileCache();
const { startProcess } = await import("../../shared/process/start-process.ts");
const { readApiConfig } = await import("../../shared/config/config.ts");
const { startApi } = await import("./api.ts");

await startProcess("api", readApiConfig, startApi);
