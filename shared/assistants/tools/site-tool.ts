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

export type SiteTool = z.output<typeof siteTool>;

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
