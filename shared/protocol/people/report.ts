import { z } from "zod";

/** Days of a report at most: a year, and a leap day. */
const maxReportDays = 366;

const dayMs = 24 * 60 * 60 * 1000;
const zoneFault = 'must be a time zone of the IANA database, like "Europe/Berlin"';

/** A name of the IANA database, in its usual spelling. */
const zone = z
  .string()
  .max(100)
  .transform((name, context) => {
    // An offset, which Intl takes as well, is not the same in summer.
    if (!/^[+-]/.test(name)) {
      try {
        return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
      } catch {
        // Intl throws for whatever is no zone.
      }
    }
    context.addIssue({ code: "custom", message: zoneFault });
    return z.NEVER;
  });

/** Query of `GET /api/operator/reports`. */
export const reportQuery = z
  .object({
    from: z.iso.date("must be a day like 2026-11-30").meta({ description: "First day" }),
    to: z.iso.date("must be a day like 2026-11-30").meta({ description: "Last day, which counts" }),
    zone: zone.default("UTC").meta({ description: "Zone by whose midnight days begin, like `Europe/Berlin`" }),
    format: z.enum(["json", "csv"]).default("json").meta({ description: "`csv`: a line for each day" }),
  })
  .superRefine(({ from, to }, context) => {
    const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1;
    if (days < 1) context.addIssue({ code: "custom", path: ["to"], message: "must not be before `from`" });
    if (days > maxReportDays)
      context.addIssue({ code: "custom", path: ["to"], message: `must be within ${maxReportDays} days of \`from\`` });
  });

const count = z.int().nonnegative();
const seconds = z.number().nullable();

/**
 * Figures of a day, or of all days, counted from what is stored: deleted conversations are not in it. A visitor's message
 * counts on the day it came, a handoff on the day it began, and how it went on the day it ended.
 */
export const reportFigures = z
  .object({
    messages: count.meta({ description: "Messages of visitors" }),
    byAssistant: count.meta({ description: "Of these, answered by the assistant with an answer" }),
    byPeople: count.meta({ description: "Answered by a person, after the assistant or without it" }),
    apologies: count.meta({ description: "Answered by a preset, as no provider could" }),
    unanswered: count.meta({ description: "Answered by nobody so far: failed, stopped by the visitor, or waiting" }),
    waitP50: seconds.meta({ description: "Seconds until the assistant began with a message, median" }),
    waitP95: seconds.meta({ description: "Likewise, of the slowest twentieth" }),
    handoffs: count.meta({ description: "Times that a visitor came to wait for a person" }),
    handoffsByReason: z.record(z.string(), count),
    handoffsMet: count.meta({ description: "Of these, where a person wrote before the assistant had it again" }),
    firstReplyP50: seconds.meta({ description: "Seconds until that person's first words, median" }),
    firstReplyP95: seconds,
    ratingsAsked: count.meta({
      description:
        "Stretches with a person that ended, whose visitors were asked how it went. Silence counts as neither",
    }),
    good: count.meta({ description: "Of these, that went well, as the visitor said" }),
    bad: count,
    up: count.meta({ description: "Thumbs up for replies of the assistant" }),
    down: count,
    costUsd: z.number().meta({ description: "Calls of providers, in US dollars" }),
  })
  .meta({ id: "ReportFigures" });
export type ReportFigures = z.output<typeof reportFigures>;

/** Answer of `GET /api/operator/reports`. */
export const report = z
  .object({
    from: z.iso.date(),
    to: z.iso.date(),
    zone: z.string(),
    total: reportFigures,
    days: z.array(reportFigures.extend({ day: z.iso.date() })),
  })
  .meta({ id: "Report" });
export type Report = z.output<typeof report>;
