import { z } from "zod";

const day = z.array(z.string()).meta({ description: 'Stretches, like "09:00-17:30"; none: closed' });

/** Hours as people write them: the form of the file. */
export const hoursText = z
  .object({
    zone: z.string().meta({ description: "Zone of the wall clock, from the IANA database" }),
    week: z.object({ mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day }),
    dates: z.record(z.string(), day).meta({ description: "Days that differ, by date" }),
  })
  .meta({ id: "Hours" });
export type HoursText = z.output<typeof hoursText>;

/** Answer of `/api/operator/hours`. */
export const siteHours = z
  .object({
    inForce: z.enum(["console", "file", "none"]).meta({ description: "Where the hours were set that count" }),
    hours: hoursText.optional().meta({ description: "Those that count" }),
    file: hoursText.optional().meta({ description: "Those of the file, which count without any of the console" }),
    changed: z.object({ at: z.iso.datetime(), operator: z.string().optional() }).optional(),
  })
  .meta({ id: "SiteHours" });
export type SiteHours = z.output<typeof siteHours>;
