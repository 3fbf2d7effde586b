import type { ReplyPace } from "./options.ts";
import type { Step } from "./fake-script.ts";

/** Replies of a kind and busy colleague, sixty words each; nothing in them is true of any shop. */
const answers = [
  `Thank you for your message! I had a look, and everything is fine with your order: it left our warehouse this
   morning and is on its way to you. You will get an email with the tracking link within the hour. If it has not
   arrived by Friday, please write to me again. Anything else that I can do today?`,
  `Good question! You can send anything back within thirty days, as long as it was not worn. Open your account,
   choose the order, and print the label. The shop around the corner takes the parcel, and your money is back
   about three days later. Would you like another size? Then just choose that instead, and it goes out at once.`,
  `I am glad that you ask. We take all the usual cards, and you may pay by invoice if you have ordered from us
   before. Nothing is charged until your parcel has left the house. Should a payment be declined, please try
   once more a little later: mostly that is all it takes. I hope that helps. Enjoy your day!`,
].map((answer) => answer.split(/\s+/).map((word, i) => (i === 0 ? word : ` ${word}`)));

/** Tokens of a reply, each a word with the space before it. Every third reply is the same. */
export function replyOf(tokens: number, number: number): string[] {
  const first = number % answers.length;
  const words: string[] = [];
  for (let i = first; words.length < tokens; i++) {
    const [start = "", ...rest] = answers[i % answers.length] ?? [];
    words.push(words.length === 0 ? start : ` ${start}`, ...rest);
  }
  words.length = tokens;
  const last = words.at(-1);
  if (last !== undefined) words[tokens - 1] = last.replace(/[,;:]?$/, (end) => (/[.!?"]$/.test(last) ? end : "."));
  return words;
}

/** Steps of a reply with its pauses. */
export function* paced(words: readonly string[], { firstMs, interMs }: Omit<ReplyPace, "tokens">): Generator<Step> {
  if (firstMs > 0) yield { waitMs: firstMs };
  for (const [i, word] of words.entries()) {
    if (i > 0 && interMs > 0) yield { waitMs: interMs };
    yield word;
  }
}

/** Pace of a call for the model `fake-<first>-<inter>-<tokens>`. */
export function paceOf(model: string, usual: ReplyPace): ReplyPace {
  const [, first, inter, tokens] = /^fake-(\d+)-(\d+)-(\d+)$/.exec(model) ?? [];
  if (first === undefined) return usual;
  return { firstMs: Number(first), interMs: Number(inter), tokens: Number(tokens) };
}
