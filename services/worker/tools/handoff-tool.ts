import { z } from "zod";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { handoffToolName } from "../../../shared/assistants/tools/tool-declaration.ts";
import type { RunTool } from "./tool-session.ts";

const args = z.object({ reason: z.enum(["asked", "model", "other"]) });

const handoffTool: RunTool = {
  name: handoffToolName,
  description: `Hands this conversation to a person of the site's team. Call it when the visitor asks for a person, or when you \
cannot help and a person can. Never say that a person takes over without calling it.`,
  parameters: {
    type: "object",
    properties: {
      reason: {
        type: "string",
        enum: args.shape.reason.options,
        description: "asked: the visitor asks for a person; model: you cannot help; other: anything else",
      },
    },
    required: ["reason"],
    additionalProperties: false,
  },
  endsReply: true,
  run(call, session) {
    const given = args.safeParse(call.arguments);
    if (!given.success) {
      return {
        text: `"reason" must be one of ${args.shape.reason.options.join(", ")}. Nothing was done.`,
        isError: true,
      };
    }
    session.handoff ??= given.data.reason;
    return {
      text: "The team has been told, and the visitor is shown when somebody will be there. Say in one short sentence, in the visitor's language, that a person goes on from here. Promise no time.",
      isError: false,
    };
  },
};

/** Tools of our own that an assistant's model may call. */
export function ownToolsOf({ people }: Pick<Assistant, "people">): readonly RunTool[] {
  return people !== undefined && people.byModel !== false ? [handoffTool] : [];
}
