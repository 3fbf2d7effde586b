import { z } from "zod";

/** Actions: calls of a site's own endpoints that change something, each confirmed by the visitor. */

/**
 * `waiting` for the visitor's answer; `confirmed` or `refused` by it; `expired`, `replaced` by a newer proposal or
 * `withdrawn` (a person took over, the conversation was closed) without one; `sent` to the endpoint; `done`, `failed`,
 * or `unknown` where nobody can tell whether it was done.
 */
export const actionState = z.enum([
  "waiting",
  "confirmed",
  "refused",
  "expired",
  "replaced",
  "withdrawn",
  "sent",
  "done",
  "failed",
  "unknown",
]);
export type ActionState = z.output<typeof actionState>;

/** Card of an action, which a visitor is asked to confirm. It is made from the site's template, never by a model. */
export const actionCard = z
  .object({
    id: z.uuid(),
    tool: z.string(),
    title: z.string(),
    lines: z.array(z.object({ label: z.string(), value: z.string() })),
    confirmLabel: z.string().optional().meta({ description: "The site's words for yes; absent: the client's own" }),
    refuseLabel: z.string().optional().meta({ description: "The site's words for no; absent: the client's own" }),
    state: actionState,
    messageId: z.uuid().optional().meta({ description: "The visitor's message whose reply proposed it" }),
    answerMessageId: z.uuid().optional().meta({ description: "The visitor's message that answered it" }),
    expiresAt: z.iso.datetime().meta({ description: "Until then a waiting action can be confirmed" }),
    result: z.string().optional().meta({ description: "What came of it, as the site's template says" }),
  })
  .meta({ id: "Action" });
export type ActionCard = z.output<typeof actionCard>;

/** Body of `POST /api/actions/{id}`. */
export const actionAnswer = z.object({ confirm: z.boolean() }).meta({ id: "ActionAnswer" });
