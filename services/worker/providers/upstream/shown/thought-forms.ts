/** A pair of marks, matched regardless of case. */
export interface Pair {
  open: RegExp;
  /** Matches each beginning of a text that `open` matches. */
  mayOpen: RegExp;
  /** Returns the closing mark for the matched opening mark. */
  close: (opened: string) => string;
}

/**
 * Names of `<think>` and its relatives: DeepSeek, Qwen, GLM, MiniMax, Kimi, OLMo and others (`think`), Amazon Nova and
 * older Claudes (`thinking`), EXAONE (`thought`), Seed-OSS (`seed:think`), LongCat (`longcat_think`).
 */
const tagName = "(?:[a-z]{1,12}[:_])?think(?:ing)?|antthinking|thoughts?|reason(?:ing)?";
const tags: Pair = {
  open: new RegExp(`^<(?:${tagName})(?:\\s[^<>/]{0,80})?>`, "i"),
  mayOpen: /^<(?:[a-z:_]{0,24}(?:\s[^<>/]{0,80})?)?$/i,
  close: (opened) => `</${/^<([^\s>]*)/.exec(opened)?.[1] ?? ""}>`,
};

/** Pairs of marks around a model's thoughts. */
export const thoughtPairs: readonly Pair[] = [
  tags,
  // Magistral.
  literal("[THINK]", "[/THINK]"),
  // Kimi-VL.
  literal("◁think▷", "◁/think▷"),
  // OpenThinker and Sky-T1.
  literal("<|begin_of_thought|>", "<|end_of_thought|>"),
  // Command A.
  literal("<|START_THINKING|>", "<|END_THINKING|>"),
  // Gemma 4.
  literal("<|channel>thought", "<channel|>"),
  // gpt-oss on servers that drop its special tokens: no word begins with this, and a capital letter follows.
  { open: /^analysis(?=[A-Z])/, mayOpen: prefixes("analysis"), close: () => "assistantfinal" },
];

/**
 * Pairs of marks around the reply itself, directly after thoughts: Hunyuan, ERNIE and Granite, OpenThinker, Command A.
 */
export const answerPairs: readonly Pair[] = [
  literal("<answer>", "</answer>"),
  literal("<response>", "</response>"),
  literal("<|begin_of_solution|>", "<|end_of_solution|>"),
  literal("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
];

/** gpt-oss: each message has a header, and only the channel `final` is for people. */
export const harmonyStart = /^<\|(?:channel|start)\|>/;
export const mayStartHarmony = prefixes("<|channel|>", "<|start|>");

/** Closing marks without an opening one: chat templates put the opening tag into the prompt. */
export const orphanClose = new RegExp(
  `</(?:${tagName})>|\\[/THINK\\]|◁/think▷|<\\|end_of_thought\\|>|<\\|END_THINKING\\|>|<channel\\|>`,
  "gi",
);
/** Length of the longest closing mark, or more. */
export const maxCloseChars = 32;

/** Opening tag at any position: a closing tag behind it is not an orphan. */
export const anyOpen = new RegExp(`<(?:${tagName})>|\\[THINK\\]|◁think▷`, "i");

/** Models whose own chat templates open the thoughts in the prompt, recognised by common parts of their names. */
export const opensInPrompt = /(?:^|[^a-z\d])(?:r1|qwq|thinking|z1|reasoner|reasoning)(?![a-z])/i;

/** Index of a mark in a text; -1: not found. Lower-casing would not work: it can make letters longer. */
export function indexOfMark(text: string, mark: string): number {
  return text.search(new RegExp(escape(mark), "i"));
}

function literal(open: string, close: string): Pair {
  return { open: new RegExp(`^${escape(open)}`, "i"), mayOpen: prefixes(open), close: () => close };
}

/** Matches each beginning of the texts, including the whole texts. */
function prefixes(...texts: string[]): RegExp {
  const each = texts.map((text) =>
    Array.from(text)
      .map(escape)
      .reduceRight((rest, char) => `(?:${char}${rest})?`, ""),
  );
  return new RegExp(`^(?:${each.join("|")})$`, "i");
}

function escape(text: string): string {
  return text.replace(/[|[\]]/g, "\\$&");
}
