import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { protocolTypes } from "./protocol-types.ts";

// Writes the types of the protocol for `@parley/client`. A test holds them against the schemas.

await writeFile(fileURLToPath(new URL("../../packages/client/source/protocol.d.ts", import.meta.url)), protocolTypes());
