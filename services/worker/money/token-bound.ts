import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { promptOf, rulesFor } from "../knowledge/prompt-passages.ts";
import type { ProviderRequest } from "../providers/provider.ts";

/**
 * Tokens that a chat template adds to one message: its role and separators. Llama 3 adds 5, gpt-oss 6. Servers that
 * merge neighbouring messages put a blank line between them.
 */
const aroundMessage = 16;
/**
 * Tokens that a chat template adds to a whole prompt: its start token, the opening of the reply, and the template's own
 * text. The text of gpt-oss takes about 70, that of Llama 3.1 25.
 */
const aroundPrompt = 128;

/**
 * Upper bound of the tokens of any text. A token of a byte-level tokenizer, or of one with byte fallback, covers at
 * least one byte. Some tokenizers normalize the text first, which can make it longer: 33 bytes from 3.
 */
export function boundTokens(text: string): number {
  const bytes = Buffer.byteLength(text);
  // Pure ASCII: no other text has as many bytes as UTF-16 units, and normalization does not change it.
  if (bytes === text.length) return bytes;
  return Math.max(bytes, Buffer.byteLength(text.normalize("NFC")), Buffer.byteLength(text.normalize("NFKC")));
}

/** Upper bound of the tokens of one message of a prompt. */
export function boundMessage(text: string): number {
  return boundTokens(text) + aroundMessage;
}

/** Upper bound of the tokens of everything that a request shows the model. */
export function boundPrompt(
  request: Pick<ProviderRequest, "assistant" | "prompt" | "passages" | "tools" | "turns">,
): number {
  const { assistant, passages, tools = [], turns = [] } = request;
  const rules = passages === undefined ? 0 : boundTokens(rulesFor(assistant));
  const called = [...tools, ...turns].reduce((sum, each) => sum + boundCalls(JSON.stringify(each)), 0);
  const instructions = boundInstructions(assistant) + rules + called;
  return promptOf(request).reduce((sum, { text }) => sum + boundMessage(text), aroundPrompt + instructions);
}

/**
 * Tools and their calls as a chat template renders them: some indent the JSON, some turn it into another language, and each
 * adds words of its own.
 */
function boundCalls(json: string): number {
  return 2 * boundTokens(json) + aroundPrompt;
}

const instructionTokens = new WeakMap<Assistant, number>();

/** Cached: instructions can be long, and are the same in every prompt. */
function boundInstructions(assistant: Assistant): number {
  const known = instructionTokens.get(assistant);
  if (known !== undefined) return known;
  const tokens = boundMessage(assistant.instructions);
  instructionTokens.set(assistant, tokens);
  return tokens;
}
