import { z } from "zod";
import { keywordsIn } from "./keywords.ts";
import { localizedWords, wordLists } from "./localized-text.ts";

const handoffRules = z.strictObject({
  afterFailures: z.int().min(1).max(20).optional().describe("replies in a row that no provider wrote; absent: never"),
  byModel: z.boolean().optional().describe("whether its model may hand over to them by itself; absent: it may"),
  keywords: localizedWords.optional().describe("of a visitor who asks for a person, matched as whole words"),
});

/** Whether people stand behind an assistant, and by which rules it hands a conversation to them by itself. */
export const people = z
  .union([z.boolean(), handoffRules], { error: "expected true, false, or rules" })
  .transform((given) => (given === true ? {} : given || undefined))
  .optional();

type People = z.output<typeof people>;

/** True if a message contains one of the words by which visitors ask for a person. */
export function asksForPerson(rules: People, message: string): boolean {
  if (!rules?.keywords) return false;
  const found = keywordsIn(message);
  return wordLists(rules.keywords).some(([, words]) => found(words).length > 0);
}
