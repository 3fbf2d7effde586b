/** The body of an answer that was no JSON: the SDKs keep it in the message of their error, behind the status. */
export function wordsIn(message: string): string | undefined {
  const words = message.replace(/^\d{3} /, "").trim();
  return words === "" || words.startsWith("<") ? undefined : words;
}
