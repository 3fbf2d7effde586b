import type { Assistant } from "../../../shared/assistants/assistants.ts";
import type { ProviderRequest } from "../providers/provider.ts";

/**
 * Tokens that a chat template puts around one message: its role and separators. Llama 3 takes 5, gpt-oss 6; servers that
 * merge neighbours put a blank line between them.
 */
const aroundMessage = 16;
/**
 * Tokens around a whole prompt: the mark of its beginning, the opening of the reply, and the template's own words.
 * Those of gpt-oss take about 70, those of Llama 3.1 25.
 */
const aroundPrompt = 128;

/**
 * An upper bound of the tokens of a text, whoever wrote it. A token of a byte-level tokenizer, or of one with byte
 * fallback, stands for a byte or more. Some tokenizers normalize the text first, which can make it longer: 33 bytes of 3.
 */
export function boundTokens(text: string): number {
  const bytes = Buffer.byteLength(text);
  // ASCII: no other text has as many bytes as UTF-16 units, and normalizing changes nothing.
  if (bytes === text.length) return bytes;
  return Math.max(bytes, Buffer.byteLength(text.normalize("NFC")), Buffer.byteLength(text.normalize("NFKC")));
}

/** The same for a message of a prompt. */
export function boundMessage(text: string): number {
  return boundTokens(text) + aroundMessage;
}

/** The same for all that a request shows the model. */
export function boundPrompt({ assistant, prompt }: Pick<ProviderRequest, "assistant" | "prompt">): number {
  return prompt.reduce((sum, { text }) => sum + boundMessage(text), aroundPrompt + boundInstructions(assistant));
}

const instructionTokens = new WeakMap<Assistant, number>();

/** They can be long, and are the same in every prompt. */
function boundInstructions(assistant: Assistant): number {
  const known = instructionTokens.get(assistant);
  if (known !== undefined) return known;
  const tokens = boundMessage(assistant.instructions);
  instructionTokens.set(assistant, tokens);
  return tokens;
}
