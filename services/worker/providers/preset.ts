import { setTimeout as sleep } from "node:timers/promises";
import { textIn, wordLists } from "../../../shared/assistants/localized-text.ts";
import type { Preset } from "../../../shared/assistants/assistants.ts";
import type { Provider, ProviderEvent, ProviderRequest } from "./provider.ts";
import { keywordsIn } from "../../../shared/assistants/keywords.ts";

/** Pause between words, in milliseconds: about the speed of a fast model. */
const defaultWordMs = 20;

/**
 * Creates the provider that needs no key: it streams canned replies of the assistant word by word.
 * @param wordMs pause between two words, in milliseconds
 */
export function createPresetProvider({ wordMs = defaultWordMs }: { wordMs?: number } = {}): Provider {
  return { name: "preset", stream: (request, signal) => streamPreset(request, wordMs, signal) };
}

interface ChosenPreset extends Omit<Preset, "reply"> {
  readonly reply: string;
}

/**
 * Chooses the preset with a list of keywords whose matches in the message have the greatest total length: more keywords
 * and longer ones both count. On a tie, the first preset wins. Presets flagged `weak` are used only when no other preset
 * matches. Without any matching keyword, the preset with `default: true` is used. Presets flagged `fallback` are
 * skipped, unless the caller offers nothing else.
 *
 * A reply in several languages is given in that of the keywords that match. Where several languages have them ("PayPal"),
 * or none, it is the language of the message's script, then that of most keywords of all presets, then that of the
 * visitor's page.
 * @throws {RangeError} when there is no default (the schema of the assistants guarantees one)
 */
export function choosePreset(presets: readonly Preset[], message: string, locale?: string): ChosenPreset {
  const usual = presets.filter(({ fallback }) => !fallback);
  const offered = usual.length > 0 ? usual : presets;
  const all = matchesIn(presets, message);
  const language = scriptLanguage(message, locale) ?? mostMatched(all, locale);
  const matches = all.filter(({ preset }) => offered.includes(preset));
  const strong = matches.filter(({ preset }) => !preset.weak);
  const best = bestOf(strong, language) ?? bestOf(matches, language);
  const preset = best?.preset ?? offered.find((each) => each.default);
  if (preset === undefined) throw new RangeError("no preset is the default one");
  return { ...preset, reply: textIn(preset.reply, best?.language ?? language ?? locale) };
}

/** A list of keywords some of which occur in the message. */
interface Match {
  readonly preset: Preset;
  /** Absent where the keywords are not given by language. */
  readonly language: string | undefined;
  /** Characters of the keywords that occur. */
  readonly score: number;
}

function matchesIn(presets: readonly Preset[], message: string): Match[] {
  const found = keywordsIn(message);
  const matches = presets.flatMap((preset) =>
    wordLists(preset.keywords).map(([language, keywords]) => {
      const score = found(keywords).reduce((sum, keyword) => sum + keyword.length, 0);
      return { preset, language, score };
    }),
  );
  return matches.filter(({ score }) => score > 0);
}

function bestOf(matches: readonly Match[], language: string | undefined): Match | undefined {
  let best: Match | undefined;
  for (const match of matches) {
    const prefers = match.preset === best?.preset && match.score === best.score && match.language === language;
    if (match.score > (best?.score ?? 0) || prefers) best = match;
  }
  return best;
}

/** The language whose keywords match most, the page's on a tie. */
function mostMatched(matches: readonly Match[], locale: string | undefined): string | undefined {
  const totals = new Map<string, number>();
  for (const { language, score } of matches) {
    if (language !== undefined) totals.set(language, (totals.get(language) ?? 0) + score);
  }
  const most = Math.max(...totals.values());
  const languages = [...totals.keys()].filter((language) => totals.get(language) === most);
  return languages.find((language) => locale?.split("-")[0] === language) ?? languages[0];
}

/** Language of a message most of whose letters are of a script that tells it. Han alone may be either language. */
function scriptLanguage(message: string, locale: string | undefined): string | undefined {
  const count = (pattern: RegExp) => message.match(pattern)?.length ?? 0;
  const letters = count(/\p{L}/gu);
  const kana = count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu);
  if (2 * (kana + count(/\p{Script=Han}/gu)) > letters) return kana > 0 || locale?.startsWith("ja") ? "ja" : "zh";
  return 2 * count(/\p{Script=Arabic}/gu) > letters ? "ar" : undefined;
}

async function* streamPreset(
  { assistant, prompt, locale }: ProviderRequest,
  wordMs: number,
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent, void, undefined> {
  signal.throwIfAborted();
  const { reply } = choosePreset(assistant.presets, prompt.at(-1)?.text ?? "", locale);
  yield* sayWords(reply, { wordMs, signal });
  yield { type: "finish", finishReason: "stop", model: "preset", usage: { inputTokens: 0, outputTokens: 0 } };
}

/** Streams a text word by word. */
export async function* sayWords(
  text: string,
  { wordMs = defaultWordMs, signal }: { wordMs?: number | undefined; signal: AbortSignal },
): AsyncGenerator<ProviderEvent, void, undefined> {
  let first = true;
  for (const word of words(text)) {
    if (!first && wordMs > 0) await sleep(wordMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    signal.throwIfAborted();
    yield { type: "delta", text: word };
    first = false;
  }
  signal.throwIfAborted();
}

const segmenter = new Intl.Segmenter("en", { granularity: "word" });

/** Splits text into words, each with the text up to the next word; also for scripts without spaces. */
function words(text: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  let hasWord = false;
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    if (isWordLike && hasWord) {
      pieces.push(piece);
      piece = "";
    }
    piece += segment;
    hasWord ||= isWordLike === true;
  }
  if (piece !== "") pieces.push(piece);
  return pieces;
}
