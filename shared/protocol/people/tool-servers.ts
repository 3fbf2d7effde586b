import { z } from "zod";

/** State of a tool of an MCP server: models are offered those that are `allowed`, and no other. */
const toolState = z.enum(["allowed", "new", "off", "changed", "gone", "missing", "unusable", "undeclared"]).meta({
  description:
    "allowed: as an operator has allowed it. new: nobody has looked at it. off: an operator turned it off. changed: it is not as it was allowed. gone: the server no " +
    "longer lists it. missing: it never did. unusable: see `problem`. undeclared: no assistant names it",
});

const use = z.object({
  assistant: z.string().meta({ description: "Type of an assistant that names it" }),
  as: z.string().meta({ description: "Name by which models call it" }),
  effect: z.enum(["read", "change"]),
  confirm: z.enum(["visitor", "never"]),
  problem: z.string().optional().meta({ description: "Reason why this assistant cannot use it" }),
});

/** A tool of an MCP server, as operators see it. */
export const serverTool = z
  .object({
    id: z.uuid().optional().meta({ description: "Absent: the server does not list it" }),
    name: z.string(),
    state: toolState,
    description: z.string(),
    schema: z.string().meta({ description: "JSON Schema of the arguments; empty: it is too long" }),
    hash: z
      .string()
      .optional()
      .meta({ description: "Pin of name, description and schema; an operator allows what has it" }),
    problem: z.string().optional().meta({ description: "Reason why no model can be offered it" }),
    unseen: z.array(z.string()).meta({ description: "Keywords of the schema that models are not shown" }),
    was: z
      .object({ description: z.string().optional(), schema: z.string().optional() })
      .optional()
      .meta({ description: "The parts that were other when an operator allowed it last" }),
    decided: z.object({ at: z.iso.datetime(), operator: z.string().optional() }).optional(),
    uses: z.array(use),
  })
  .meta({ id: "ServerTool" });
export type ServerTool = z.output<typeof serverTool>;

/** Answer of `GET /api/operator/tool-servers`. */
export const toolServers = z
  .object({
    servers: z.array(
      z.object({
        key: z.string(),
        url: z.string().meta({ description: "As the configuration has it, with the names of secrets" }),
        assistants: z.array(z.string()),
        listedAt: z.iso.datetime().optional().meta({ description: "Time of the newest list; absent: there was none" }),
        problem: z.string().optional().meta({ description: "Reason why the newest look brought no list" }),
        leftOut: z.int().meta({ description: "Entries of the list that are not kept" }),
        tools: z.array(serverTool),
      }),
    ),
  })
  .meta({ id: "ToolServers" });
export type ToolServers = z.output<typeof toolServers>;

/** Body of `POST /api/operator/tools/:id/allow`. */
export const allowedTool = z.object({
  hash: z.string().min(1).max(100).meta({ description: "Pin of the tool, as the operator has seen it" }),
});
