import type { FakeRequest } from "./fake-provider.ts";
import type { Step } from "./fake-script.ts";

interface OfferedTool {
  name: string;
  required: readonly string[];
}

/**
 * Plays a model that knows its tools: it calls the one that shares most words with the visitor's message ("Where is my order
 * 1042?" calls `order_status`, "Cancel it" calls `cancel_order`), with the newest number of the conversation for each required
 * argument, and then says what it was told.
 * @returns `undefined` if there is nothing to call, or to say of a call
 */
export function stepsWithTools({ body, messages }: Pick<FakeRequest, "body" | "messages">): Step[] | undefined {
  const newest = messages.at(-1);
  if (newest?.role === "tool") return [sayResult(newest.text)];
  const asked = newest?.text.toLowerCase() ?? "";
  const [tool] = toolsIn(body).toSorted((one, other) => wordsShared(other, asked) - wordsShared(one, asked));
  if (!tool || wordsShared(tool, asked) === 0) return undefined;
  const said = messages.filter(({ role }) => role === "user").map(({ text }) => text.replaceAll(fenced, ""));
  const number = said.join(" ").match(/\d+/g)?.at(-1);
  if (number === undefined && tool.required.length > 0) return undefined;
  const args = Object.fromEntries(tool.required.map((name) => [name, number]));
  return [{ call: { name: tool.name, arguments: JSON.stringify(args) } }];
}

/** Data in the visitor's name, such as passages of pages: its numbers are not theirs. */
const fenced = /<([\w-]+)>\n[^]*?\n<\/\1>/g;

/** Words of the demo shop's visitors, beside those of the tools' names. */
const translations: Readonly<Record<string, RegExp>> = {
  order: /bestellung|commande|pedido|注文|订单|طلب/,
  cancel: /stornier|annul|キャンセル|取消|إلغاء|ألغ/,
};

function wordsShared({ name }: OfferedTool, asked: string): number {
  return wordsOf(name).filter((word) => asked.includes(word) || translations[word]?.test(asked)).length;
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

/** Does as the words around a result ask. */
const obeyed: readonly (readonly [when: RegExp, words: string])[] = [
  [/confirm it below/, "Please confirm it below."],
  [/visitor said no/, "All right, I leave it as it is."],
  [/could not be done|will not be/, "That was not done. Nothing was changed."],
  [/visitor said yes/, "It is done."],
];

function sayResult(result: string): string {
  const data = dataIn(result);
  const [, words] = obeyed.find(([when]) => when.test(result)) ?? [];
  return data ?? words ?? result;
}

/** Text of a result, without the fence around it; `undefined` if it has none. */
function dataIn(result: string): string | undefined {
  const [, line] = /<result>\n(.*)\n<\/result>/.exec(result) ?? [];
  try {
    return line === undefined ? undefined : String(JSON.parse(line));
  } catch {
    return line;
  }
}
