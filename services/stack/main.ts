import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";

enableCompileCache();
process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const { main } = await import("./command.ts");

process.exit(await main());
