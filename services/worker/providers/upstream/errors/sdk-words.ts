/** Body of an answer that was not JSON: the SDKs keep it in their error's message, after the status. */
export function wordsIn(message: string): string | undefined {
  const words = message.replace(/^\d{3} /, "").trim();
  return words === "" || words.startsWith("<") ? undefined : words;
}
