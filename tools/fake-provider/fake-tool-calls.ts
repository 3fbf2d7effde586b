import type { FakeRequest } from "./fake-provider.ts";
import type { Step } from "./fake-script.ts";

interface OfferedTool {
  name: string;
  required: readonly string[];
}

/**
 * Plays a model that knows its tools: it calls one that shares a word with the visitor's message ("Where is my order 1042?" calls
 * `order_status`), with the newest number of the conversation for each required argument, and then says what it was told.
 * @returns `undefined` if there is nothing to call, or to say of a call
 */
export function stepsWithTools({ body, messages }: Pick<FakeRequest, "body" | "messages">): Step[] | undefined {
  const newest = messages.at(-1);
  if (newest?.role === "tool") return [`This is what I found: ${dataIn(newest.text)}`];
  const asked = newest?.text.toLowerCase() ?? "";
  const tool = toolsIn(body).find(({ name }) => wordsOf(name).some((word) => asked.includes(word)));
  if (!tool) return undefined;
  const said = messages.filter(({ role }) => role === "user").map(({ text }) => text);
  const number = said.join(" ").match(/\d+/g)?.at(-1);
  if (number === undefined && tool.required.length > 0) return undefined;
  const args = Object.fromEntries(tool.required.map((name) => [name, number]));
  return [{ call: { name: tool.name, arguments: JSON.stringify(args) } }];
}

/** Words of a name by which a message can mean it. */
function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[_-]/)
    .filter((word) => word.length > 3);
}

/** Reads the tools of a request in the form of any of the APIs. A handoff needs a reason, and is never played. */
function toolsIn(body: unknown): OfferedTool[] {
  const { tools, tool_choice: choice } = (body ?? {}) as { tools?: unknown; tool_choice?: unknown };
  if (!Array.isArray(tools) || choice === "none") return [];
  return tools.flatMap((given: Record<string, unknown>): OfferedTool[] => {
    const tool = (given["function"] ?? given) as Record<string, unknown>;
    const { required = [] } = (tool["parameters"] ?? tool["input_schema"] ?? {}) as { required?: readonly string[] };
    const name = String(tool["name"]);
    return name === "handoff" ? [] : [{ name, required }];
  });
}

/** Text of a result, without the fence around it. */
function dataIn(result: string): string {
  const [, line] = /<result>\n(.*)\n<\/result>/.exec(result) ?? [];
  try {
    return line === undefined ? result : String(JSON.parse(line));
  } catch {
    return result;
  }
}
