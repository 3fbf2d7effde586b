import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { allowedTool, serverTool, toolServers } from "../../../shared/protocol/people/tool-servers.ts";
import * as part from "./parts.ts";

/** Paths about tools of MCP servers. */
export function toolPaths(): ZodOpenApiPathsObject {
  return {
    "/api/operator/tool-servers": { get: readToolServers },
    "/api/operator/tool-servers/{key}/refresh": { post: refreshToolServer },
    "/api/operator/tools/{id}/allow": { post: allow },
    "/api/operator/tools/{id}/disallow": { post: disallow },
  };
}

const common = { tags: ["Desk"], security: part.asOperatorOfApi };

const readToolServers: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readToolServers",
  summary: "The MCP servers that assistants name, and their tools",
  description: "Each tool is off until an admin has allowed it, and off again when its description or schema changes.",
  responses: { "200": part.json("All servers", toolServers), ...part.problems(...part.operatorProblems) },
};

const refreshToolServer: ZodOpenApiOperationObject = {
  ...common,
  "x-role": "admin",
  operationId: "refreshToolServer",
  summary: "Read the list of a server's tools again",
  description: "A worker reads it within seconds; after a look that failed, within half a minute.",
  requestParams: { path: z.object({ key: z.string().meta({ description: "Key of the server, as the list has it" }) }) },
  responses: {
    "204": part.empty("It is due"),
    ...part.problems(...part.operatorProblems, "origin-not-allowed"),
  },
};

const ofTool = { path: z.object({ id: z.uuid().meta({ description: "Id of the tool, as the list has it" }) }) };

const allow: ZodOpenApiOperationObject = {
  ...common,
  "x-role": "admin",
  operationId: "allowTool",
  summary: "Allow a tool as it is now",
  description:
    "Models are offered it from then on, within seconds. A tool that has changed since it was read is not allowed.",
  requestParams: ofTool,
  requestBody: { required: true, content: { "application/json": { schema: allowedTool } } },
  responses: {
    "200": part.json("It is allowed", serverTool),
    ...part.problems(...part.operatorProblems, ...part.bodyProblems, "tool-differs"),
  },
};

const disallow: ZodOpenApiOperationObject = {
  ...common,
  "x-role": "admin",
  operationId: "disallowTool",
  summary: "Turn a tool off",
  description: "Models are not offered it any more, within seconds. A card of it that waits cannot be confirmed then.",
  requestParams: ofTool,
  responses: {
    "200": part.json("It is off", serverTool),
    ...part.problems(...part.operatorProblems, "origin-not-allowed"),
  },
};
