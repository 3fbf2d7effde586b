import { Random } from "../../../../test/chaos/random.ts";

/** Different words of the site: as many as 100,000 pages in one language have, with their names and compounds. */
const allWords = 150_000;
/** Words that many passages have. A question's other words tell its passage. */
const commonWords = 300;
const wordsOf = { passage: { least: 60, most: 160 }, sentence: 12, question: { telling: 3, common: 4 } };
/** Share of the questions with a typing error. */
const mistyped = 0.1;
const seed = 17;

export interface LargeQuestion {
  text: string;
  /** Id of the passage that it was made from. */
  right: number;
}

/**
 * Texts of a site that nobody wrote, equal in each run and process: words of syllables, whose frequency falls with their
 * rank as that of people's words does (Zipf's law).
 */
export class LargeSite {
  readonly #words: string[];
  readonly #common: ReadonlySet<string>;
  /** Sums of the frequencies up to each rank. */
  readonly #sums: Float64Array;

  constructor(vocabulary = allWords) {
    this.#words = makeWords(new Random(seed), vocabulary);
    this.#common = new Set(this.#words.slice(0, commonWords));
    this.#sums = new Float64Array(vocabulary);
    let total = 0;
    for (let rank = 0; rank < vocabulary; rank++) this.#sums[rank] = total += 1 / (rank + 3);
  }

  /** @param id from 1 */
  passage(id: number): string {
    return sentencesOf(this.#passageWords(id));
  }

  /** Makes questions, each of some words of one of the first so many passages. */
  questions(passages: number, { first, count }: { first: number; count: number }): LargeQuestion[] {
    return Array.from({ length: count }, (_, at) => {
      const random = new Random(seed + first + at);
      const right = random.between(1, passages);
      const words = random.shuffle([...new Set(this.#passageWords(right))]);
      const telling = words.filter((word) => !this.#common.has(word)).slice(0, wordsOf.question.telling);
      const common = words.filter((word) => this.#common.has(word)).slice(0, wordsOf.question.common);
      if (random.chance(mistyped)) telling[0] = mistype(telling[0] ?? "", random);
      return { text: random.shuffle([...telling, ...common]).join(" "), right };
    });
  }

  #passageWords(id: number): string[] {
    const random = new Random(Math.imul(id, 0x9e_37_79_b1));
    const { least, most } = wordsOf.passage;
    return Array.from({ length: random.between(least, most) }, () => this.#pick(random));
  }

  #pick(random: Random): string {
    const wanted = random.next() * (this.#sums.at(-1) ?? 0);
    let [begin, end] = [0, this.#sums.length - 1];
    while (begin < end) {
      const middle = (begin + end) >>> 1;
      if ((this.#sums[middle] ?? 0) < wanted) begin = middle + 1;
      else end = middle;
    }
    return this.#words[begin] ?? "";
  }
}

function sentencesOf(words: readonly string[]): string {
  const { sentence } = wordsOf;
  const sentences = Array.from({ length: Math.ceil(words.length / sentence) }, (_, at) =>
    words.slice(at * sentence, (at + 1) * sentence).join(" "),
  );
  return `${sentences.join(". ")}.`;
}

const beginnings = [
  "b",
  "d",
  "f",
  "g",
  "h",
  "k",
  "l",
  "m",
  "n",
  "p",
  "r",
  "s",
  "t",
  "v",
  "w",
  "z",
  "st",
  "tr",
] as const;
const vowels = ["a", "e", "i", "o", "u", "ei"] as const;
const ends = ["n", "r", "l", "s", "t"] as const;
/** Share of the syllables that end in a consonant. */
const closed = 0.4;

/** Makes different words, the frequent ones short: five letters of a text's word on average. */
function makeWords(random: Random, vocabulary: number): string[] {
  const words = new Set<string>();
  while (words.size < vocabulary) {
    const most = words.size < commonWords ? 2 : 4;
    const syllables = random.between(most / 2, most);
    words.add(Array.from({ length: syllables }, () => syllable(random)).join(""));
  }
  return [...words];
}

function syllable(random: Random): string {
  return `${random.pick(beginnings)}${random.pick(vowels)}${random.chance(closed) ? random.pick(ends) : ""}`;
}

/** Swaps two letters within a word. */
function mistype(word: string, random: Random): string {
  const at = random.between(1, Math.max(1, word.length - 2));
  return `${word.slice(0, at)}${word
    .slice(at, at + 2)
    .split("")
    .toReversed()
    .join("")}${word.slice(at + 2)}`;
}
