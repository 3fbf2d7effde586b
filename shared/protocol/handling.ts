import { z } from "zod";

/** Side that answers a conversation. `waiting`: a person will, and none has taken it yet. */
export const handledBy = z.enum(["ai", "waiting", "operator"]);
export type HandledBy = z.output<typeof handledBy>;

/** Why a conversation goes to people. `paused`: the AI of its assistant is paused. */
export const handoffReason = z.enum(["asked", "failures", "keyword", "model", "unknown-action", "paused", "other"]);
export type HandoffReason = z.output<typeof handoffReason>;

/** A person as visitors see them. */
export const operatorView = z
  .object({ name: z.string(), avatarUrl: z.url().optional() })
  .meta({ id: "Operator", description: "A person of the site's team" });
export type OperatorView = z.output<typeof operatorView>;

/** Prospects of a visitor who asked for a person. */
export const expected = z
  .object({
    state: z.enum(["now", "today", "later", "address"]).meta({
      description:
        "`now`: somebody is there. `today`, `later`: somebody will be, by the site's hours. `address`: nothing is known of when",
    }),
    at: z.iso
      .datetime()
      .optional()
      .meta({ description: "When somebody will be there. Absent with `today`: within the hours" }),
    emailAsked: z.boolean().meta({ description: "True: ask the visitor for an address" }),
  })
  .meta({ id: "Expected" });
export type Expected = z.output<typeof expected>;

/**
 * Occasions on which the service itself speaks. `waiting`: a person was asked for. `taken`: one has the conversation. `assistant`: the AI
 * has it again. `closed`: the person has ended it. `overdue`: nobody has come so far.
 */
export const noticeCode = z.enum(["waiting", "taken", "assistant", "closed", "overdue"]);
export type NoticeCode = z.output<typeof noticeCode>;

export const notice = z
  .object({ code: noticeCode, text: z.string() })
  .meta({ id: "Notice", description: "What the service itself says, in the visitor's language. It is no message" });
export type Notice = z.output<typeof notice>;

/** A stretch with a person that has ended, whose visitor has not said how it went. */
const ratingAsked = z
  .object({
    stretch: z.int().meta({ description: "Its number, for `POST /api/conversations/{id}/stretches/{no}/rating`" }),
    operator: operatorView.optional(),
  })
  .meta({ id: "RatingAsked" });

/** Side that answers, as answers and events say it. `expected` only while a person is waited for. */
export const handling = z.object({
  handledBy,
  operator: operatorView.optional(),
  expected: expected.optional(),
  ratingAsked: ratingAsked.optional().meta({ description: "Ask the visitor how it went with a person; once" }),
});
export type Handling = z.output<typeof handling>;

const maxEmail = 254;

/** Body of `POST /api/conversations/:id/handoff`. */
export const handoffRequest = z
  .object({
    reason: handoffReason.extract(["asked", "other"]).optional(),
    email: z
      .email("must be an e-mail address")
      .max(maxEmail)
      .nullable()
      .optional()
      .meta({ description: "Where an answer is announced; null removes it" }),
  })
  .meta({ id: "HandoffRequest" });
export type HandoffRequest = z.output<typeof handoffRequest>;

/** Answer of `POST` and `DELETE /api/conversations/:id/handoff`. */
export const handoffAnswer = handling
  .extend({ cursor: z.string(), notice: notice.optional() })
  .meta({ id: "HandoffAnswer" });
export type HandoffAnswer = z.output<typeof handoffAnswer>;
