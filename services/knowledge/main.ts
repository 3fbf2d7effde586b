import { enableCompileCache } from "node:module";

enableCompileCache();
const { startProcess } = await import("../../shared/process/start-process.ts");
const { readKnowledgeConfig } = await import("../../shared/config/config.ts");
const { startKnowledge } = await import("./knowledge.ts");

await startProcess("knowledge", readKnowledgeConfig, startKnowledge);
