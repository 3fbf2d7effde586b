import { z } from "zod";

/** Longest tag that is read; real ones have up to 35 characters (BCP 47, section 4.4.1). */
const maxTagChars = 100;

/** A language tag (BCP 47) in its usual spelling, like `de` or `pt-BR`. */
export const languageTag = z
  .string()
  .max(maxTagChars)
  .transform((tag, context) => {
    try {
      const [usual] = Intl.getCanonicalLocales(tag);
      if (usual !== undefined) return usual;
    } catch {
      // Intl throws for whatever is no tag.
    }
    context.addIssue({ code: "custom", message: 'must be a language tag like "de" or "pt-BR"' });
    return z.NEVER;
  });
