import { z } from "zod";

export const assistantState = z
  .object({
    type: z.string(),
    name: z.string().meta({ description: "In English, where it has texts by language" }),
    paused: z
      .object({ at: z.iso.datetime(), operator: z.string().optional() })
      .optional()
      .meta({ description: "Since when its AI is paused, and by whom. Absent: it answers" }),
  })
  .meta({ id: "AssistantState" });
/** An assistant as operators see it. */
export type AssistantState = z.output<typeof assistantState>;

/** Answer of `GET /api/operator/assistants`. */
export const assistantStates = z.object({ assistants: z.array(assistantState) }).meta({ id: "AssistantStates" });
export type AssistantStates = z.output<typeof assistantStates>;
