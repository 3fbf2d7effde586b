/** A pair of marks; both are matched whatever their case. */
export interface Pair {
  open: RegExp;
  /** Matches each beginning of what `open` matches. */
  mayOpen: RegExp;
  /** What closes it, given what opened it. */
  close: (opened: string) => string;
}

/**
 * `<think>` and its relatives: DeepSeek, Qwen, GLM, MiniMax, Kimi, OLMo and others (`think`), Amazon Nova and older Claudes
 * (`thinking`), EXAONE (`thought`), Seed-OSS (`seed:think`), LongCat (`longcat_think`).
 */
const tagName = "(?:[a-z]{1,12}[:_])?think(?:ing)?|antthinking|thoughts?|reason(?:ing)?";
const tags: Pair = {
  open: new RegExp(`^<(?:${tagName})(?:\\s[^<>/]{0,80})?>`, "i"),
  mayOpen: /^<(?:[a-z:_]{0,24}(?:\s[^<>/]{0,80})?)?$/i,
  close: (opened) => `</${/^<([^\s>]*)/.exec(opened)?.[1] ?? ""}>`,
};

/** Forms that hold the thoughts of a model. */
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
  // gpt-oss on servers that drop its special tokens: no word begins so, and a capital letter follows.
  { open: /^analysis(?=[A-Z])/, mayOpen: prefixes("analysis"), close: () => "assistantfinal" },
];

/** Forms that hold the reply itself, right behind thoughts: Hunyuan, ERNIE and Granite, OpenThinker, Command A. */
export const answerPairs: readonly Pair[] = [
  literal("<answer>", "</answer>"),
  literal("<response>", "</response>"),
  literal("<|begin_of_solution|>", "<|end_of_solution|>"),
  literal("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
];

/** gpt-oss: each message has a header, and only the channel `final` is for people. */
export const harmonyStart = /^<\|(?:channel|start)\|>/;
export const mayStartHarmony = prefixes("<|channel|>", "<|start|>");

/** What ends thoughts that nothing opened: chat templates put the opening tag into the prompt. */
export const orphanClose = new RegExp(
  `</(?:${tagName})>|\\[/THINK\\]|◁/think▷|<\\|end_of_thought\\|>|<\\|END_THINKING\\|>|<channel\\|>`,
  "gi",
);
/** No closing mark is longer. */
export const maxCloseChars = 32;

/** An opening tag anywhere: a closing one behind it is not without one. */
export const anyOpen = new RegExp(`<(?:${tagName})>|\\[THINK\\]|◁think▷`, "i");

/** Models whose own chat templates open the thoughts in the prompt, by what their names have in common. */
export const opensInPrompt = /(?:^|[^a-z\d])(?:r1|qwq|thinking|z1|reasoner|reasoning)(?![a-z])/i;

/** Where in a text a mark is; -1: nowhere. Lower case would not do: letters may become longer by it. */
export function indexOfMark(text: string, mark: string): number {
  return text.search(new RegExp(escape(mark), "i"));
}

function literal(open: string, close: string): Pair {
  return { open: new RegExp(`^${escape(open)}`, "i"), mayOpen: prefixes(open), close: () => close };
}

/** Matches each beginning of the texts, the whole included. */
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
