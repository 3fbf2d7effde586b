import { z } from "zod";
import { toolDeclaration } from "./tool-declaration.ts";
import { toolFaults } from "./tool-faults.ts";

/** Tools of one assistant. Each one's schema is part of every prompt. */
const maxTools = 32;

/** HTTP endpoint of a site that a model may call. */
const siteTool = toolDeclaration.transform((given, context) => {
  for (const { path, message } of toolFaults(given)) context.addIssue({ code: "custom", path, message });
  return {
    ...given,
    confirm: given.confirm ?? (given.effect === "change" ? ("visitor" as const) : ("never" as const)),
  };
});

/** A tool of a site: an endpoint, or a tool of an MCP server, whose `request` is the address of that server. */
export type SiteTool = z.output<typeof siteTool> & { mcp?: McpOrigin };

/** How a tool of an MCP server is called. */
interface McpOrigin {
  /** Key of the server. */
  server: string;
  /** Name in the server's list. */
  name: string;
  /** Hash of what an operator has allowed. */
  hash: string;
  /** Outcome of a change whose tool reports an error. */
  errors: "failed" | "unknown";
}

export const siteTools = z
  .array(siteTool)
  .max(maxTools)
  .superRefine((tools, context) => {
    const names = new Set<string>();
    for (const [at, { name }] of tools.entries()) {
      if (names.has(name))
        context.addIssue({ code: "custom", path: [at, "name"], message: "is the name of two tools" });
      names.add(name);
    }
  });
