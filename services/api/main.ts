import { enableCompileCache } from "node:module";

enableCompileCache();
const { startProcess } = await import("../../shared/start-process.ts");
const { readConfig } = await import("../../shared/config.ts");
const { startApi } = await import("./api.ts");

await startProcess("api", readConfig, startApi);
