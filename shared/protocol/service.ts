import { z } from "zod";
import { actionState } from "./actions/action-card.ts";
import { operatorView } from "./handling.ts";
import { languageTag } from "./language-tag.ts";

/** Reason a provider cannot be used. */
const unavailableReason = z.enum(["not_configured", "retired"]);

export const providerInfo = z
  .object({
    name: z.string(),
    model: z.string(),
    available: z.boolean(),
    reason: unavailableReason.optional(),
    capabilities: z.object({ streaming: z.boolean(), threads: z.boolean() }),
  })
  .meta({ id: "Provider" });
export type ProviderInfo = z.output<typeof providerInfo>;

export const providers = z.object({ default: z.string(), providers: z.array(providerInfo) }).meta({ id: "Providers" });

export const assistantInfo = z
  .object({
    type: z.string(),
    name: z.string(),
    description: z.string(),
    provider: z.string(),
    title: z.string().optional().meta({ description: "Heading of the chat, where it is not the name" }),
    greeting: z.string().optional(),
    suggestions: z.array(z.string()).optional(),
    aiNotice: z
      .union([z.string(), z.literal(false)])
      .optional()
      .meta({ description: "Says that an AI writes; absent: the client's own words, `false`: not shown" }),
    privacyUrl: z
      .union([z.string(), z.literal(false)])
      .optional()
      .meta({ description: "Absent: `/privacy` of this service, `false`: no link" }),
    consent: z.boolean().optional().meta({ description: "Clients ask visitors to agree before a first message" }),
    people: z.boolean().meta({ description: "Visitors may ask for a person" }),
    knowledge: z.boolean().meta({ description: "It answers from the site's own pages, with sources" }),
    avatarUrl: z.string().optional().meta({ description: "Picture of the assistant, over http or https" }),
    typicalReplySeconds: z
      .int()
      .optional()
      .meta({ description: "Median of recent replies, from the message to their end; absent where there are few" }),
  })
  .meta({ id: "Assistant" });
export type AssistantInfo = z.output<typeof assistantInfo>;

export const assistantsQuery = z.object({
  locale: languageTag
    .optional()
    .meta({ description: "Language of the texts, like `de` or `pt-BR`; English by default" }),
});

export const assistants = z.object({ assistants: z.array(assistantInfo) }).meta({ id: "Assistants" });

const check = z.object({
  status: z.enum(["up", "down"]),
  latencyMs: z.number().optional(),
  detail: z.string().optional().meta({ description: "What is wrong, where it is known: a store that takes no writes" }),
});

export const health = z
  .object({
    status: z.enum(["healthy", "degraded", "unhealthy"]),
    timestamp: z.iso.datetime(),
    uptime: z.number().meta({ description: "Seconds" }),
    memory: z.object({ rssMb: z.number(), heapUsedMb: z.number() }),
    stats: z.object({ totalConversations: z.int(), totalMessages: z.int(), activeConversations: z.int() }),
    queue: z.object({
      waiting: z.int(),
      active: z.int(),
      delayed: z.int(),
      failed: z.int(),
      workers: z.int(),
      paused: z.boolean().meta({ description: "By an operator: workers take nothing from it" }),
    }),
    checks: z.object({
      database: check,
      queue: check,
      cache: check,
      delivery: check.meta({
        description: "Whether messages get to a worker: down while the queue is paused, or one waits for over 30 s",
      }),
    }),
    providers: z.array(z.string()),
    openCircuits: z
      .record(z.string(), z.int())
      .meta({ description: "Providers that are skipped because they are down, and by how many workers" }),
  })
  .meta({ id: "Health" });
export type Health = z.output<typeof health>;

/** Whether pages of an origin may call the API; `origin` as the browser named it. */
export const originReport = z
  .object({ origin: z.string().optional(), allowed: z.boolean() })
  .meta({ id: "OriginReport" });
export type OriginReport = z.output<typeof originReport>;

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    operator: operatorView.optional().meta({ description: "With `handled`: who has the conversation" }),
    state: actionState.optional().meta({ description: "Of an action that cannot be answered any more" }),
    traceId: z.string().optional().meta({ description: "Of this request's trace, where traces are on" }),
  })
  .meta({ id: "Problem" });
export type ProblemBody = z.output<typeof problem>;
