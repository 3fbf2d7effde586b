/** Content of a message: its text without thoughts, and whether it had thoughts. */
export interface MessageContent {
  text: string;
  thinks: boolean;
  refused: boolean;
}

/** Maximum nesting: no server nests deeper, and a body is not trusted. */
const maxDepth = 6;
const textType = /^(?:(?:input_|output_)?text(?:_delta)?|message|markdown)$/;
const thoughtType = /think|thought|reason/;

type Part = Record<string, unknown>;

/**
 * Reads content of any shape: a string, an array of parts (Mistral, Ollama), parts within parts, numbers and booleans
 * as their text. Thoughts, tools, images and references are not text for the visitor.
 */
export function readContent(value: unknown, depth = 0): MessageContent {
  if (typeof value === "string") return said(value);
  if (typeof value === "number" || typeof value === "boolean") return said(String(value));
  if (typeof value !== "object" || value === null || depth > maxDepth) return said("");
  if (Array.isArray(value)) return join(value.map((part) => readContent(part, depth + 1)));
  return readPart(value as Part, depth + 1);
}

function readPart(part: Part, depth: number): MessageContent {
  const { type, thought, refusal } = part;
  const name = typeof type === "string" ? type.toLowerCase() : undefined;
  // Gemini marks its thoughts with `thought: true`.
  if (thought === true || (name !== undefined && thoughtType.test(name))) return { ...said(""), thinks: true };
  if (name === "refusal") return { ...readContent(refusal ?? part["text"], depth), refused: true };
  if (name !== undefined && !textType.test(name)) return said("");
  return readContent(part["text"] ?? part["content"] ?? part["parts"] ?? part["value"], depth);
}

function said(text: string): MessageContent {
  return { text, thinks: false, refused: false };
}

function join(parts: MessageContent[]): MessageContent {
  return {
    text: parts.map(({ text }) => text).join(""),
    thinks: parts.some(({ thinks }) => thinks),
    refused: parts.some(({ refused }) => refused),
  };
}

/** Fields beside the content that hold thoughts: DeepSeek and many others, OpenRouter and Groq, Ollama, Copilot. */
const thoughtFields = [
  "reasoning_content",
  "reasoning",
  "reasoning_details",
  "thinking",
  "thinking_blocks",
  "reasoning_text",
  "thoughts",
];

const toolFields = ["tool_calls", "function_call"];

export function hasThoughts(message: object): boolean {
  return holdsAny(message, thoughtFields);
}

export function hasTools(message: object): boolean {
  return holdsAny(message, toolFields);
}

/** True if a field has content: servers send unused fields empty. */
function holdsAny(message: object, fields: readonly string[]): boolean {
  for (const field of fields) {
    const value: unknown = (message as Part)[field];
    if (Array.isArray(value) ? value.length > 0 : Boolean(value)) return true;
  }
  return false;
}
