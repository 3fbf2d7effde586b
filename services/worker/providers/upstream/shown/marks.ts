/** Marks of sources in the models' own forms. Text between U+E200 and U+E201 is OpenAI's: `cite`, `turn0search0`. */
const privateUse = String.raw`\uE200[^\uE201\n]{0,400}\uE201`;
export const definite: readonly string[] = [
  privateUse,
  // OpenAI's mark without its private-use characters.
  String.raw`cite(?:turn\d{1,3}[a-z]{1,12}\d{1,3})+`,
  // Assistants and file search: position and name of the file.
  String.raw`[【\[]\d{0,4}(?::\d{1,4})?†[^【】[\]\n]{0,200}[】\]]`,
  // ChatGPT.
  String.raw`:contentReference\[oaicite:\d{1,3}\](?:\{index=\d{1,3}\})?`,
  // Azure's "on your data", Bing, and the prompt that DeepSeek recommends for searches.
  String.raw`\[doc\d{1,3}\]`,
  String.raw`\[\^\d{1,3}\^\]`,
  String.raw`\[citation:\d{1,3}\]`,
];
/** Number in brackets, which may be a mark, an index, or an item of a list. */
const number = String.raw`\d{1,3}`;
const plain = String.raw`\[\^?${number}(?:\s?[,–-]\s?${number}){0,9}\]|【${number}】`;

/** One mark. The group `plain` matches a form that is a mark only in a suitable context. */
export const mark = new RegExp(`${definite.join("|")}|(?<plain>${plain})`, "y");

/** Beginnings of marks that are still incomplete. */
const unfinished = [
  String.raw`\uE200[^\uE201\n]{0,400}`,
  String.raw`c(?:i(?:t(?:e(?:t(?:u(?:r(?:n[\da-z]{0,80})?)?)?)?)?)?)?`,
  String.raw`[【\[]\d{0,4}(?::\d{0,4})?(?:†[^【】[\]\n]{0,200})?`,
  String.raw`\[\^?[\d,–\s-]{0,60}\^?`,
  String.raw`\[(?:d(?:o(?:c\d{0,3})?)?)?`,
  String.raw`\[c(?:i(?:t(?:a(?:t(?:i(?:o(?:n(?::\d{0,3})?)?)?)?)?)?)?)?`,
  String.raw`:(?:c[a-zA-Z]{0,15}(?:\[(?:[a-z]{0,7}(?::\d{0,3}\]?)?)?)?)?(?:\{[a-z]{0,5}(?:=\d{0,3})?)?`,
];
export const mayBecomeMark = new RegExp(
  `^[ \\t]{0,40}(?:(?:${definite.join("|")}|${plain}){0,20}(?:${unfinished.join("|")})?)$`,
);

/** Half a mark, left where a reply was cut: not text either. */
export const halfMark = /^[ \t]*(?:\uE200|[【[]\d{0,4}(?::\d{1,4})?†|citeturn\d|:contentReference\[)/;

/** Names that code gives to lists: a number in brackets after them is an index. */
const listNames =
  "[a-z]|arr|array|list|items?|matrix|grid|args?|argv|rows?|cols?|columns?|vec|vector|buf|buffer|str|tuple";
export const identifier = new RegExp(`(?:^|[^\\p{L}\\p{N}])(?:${listNames})$|[_$][\\w$]*$|[a-z][A-Z]\\w*$`, "u");

/** Numbers of a plain mark; those of a range are its ends. A number with a leading 0 becomes 0, which no source has. */
export function numbersOf(text: string): number[] {
  return Array.from(text.matchAll(/\d+/g), ([digits]) => (digits.startsWith("0") ? 0 : Number(digits)));
}
