import { z } from "zod";
import type { CallPiece } from "../tools/call-assembler.ts";
import { isJsonObject, type ThoughtBlock } from "../tools/tool.ts";
import type { ReplyPart } from "../upstream/reply.ts";

const text = z.string().catch("");
/** `server_tool_use` and `mcp_tool_use` were run by Anthropic, under names that may be ours, too. */
const toolUse = z.object({ type: z.literal("tool_use"), id: text, name: text, input: z.unknown().optional() });
const thinking = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("thinking"), thinking: text, signature: text }),
  z.looseObject({ type: z.literal("redacted_thinking"), data: text }),
]);
const placed = z.object({ index: z.number() });
const wholeMessage = z.object({ content: z.array(z.unknown()) });
const blockStart = z.object({ index: z.number(), content_block: z.unknown() });
const blockDelta = z.object({ index: z.number(), delta: z.unknown() });
const inputDelta = z.object({ type: z.literal("input_json_delta"), partial_json: z.string() });
const thinkingDelta = z.object({ type: z.literal("thinking_delta"), thinking: z.string() });
const signatureDelta = z.object({ type: z.literal("signature_delta"), signature: z.string() });

type Found = Pick<ReplyPart, "calls" | "thoughts">;

/** Blocks of one message that are not its text: calls of tools, and the thoughts that go back with them. */
export class MessageBlocks {
  readonly #thoughts = new Map<number, ThoughtBlock>();
  /** Number of messages so far: a place counts within its message. */
  #calls = 0;
  readonly #places = new Map<number, number>();

  start(event: unknown): Found {
    const { index, content_block: block } = blockStart.safeParse(event).data ?? {};
    if (index === undefined) return {};
    const thought = thinking.safeParse(block).data;
    if (thought) this.#thoughts.set(index, thought);
    const call = toolUse.safeParse(block).data;
    this.#places.delete(index);
    if (!call) return {};
    this.#places.set(index, this.#calls++);
    return { calls: [this.#piece(index, call)] };
  }

  delta(event: unknown): Found {
    const { index, delta } = blockDelta.safeParse(event).data ?? {};
    if (index === undefined) return {};
    const input = inputDelta.safeParse(delta).data;
    const place = this.#places.get(index);
    if (input && place !== undefined) return { calls: [{ place, written: input.partial_json }] };
    const thought = this.#thoughts.get(index);
    if (thought) this.#thoughts.set(index, withDelta(thought, delta));
    return {};
  }

  stop(event: unknown): Found {
    const { index } = placed.safeParse(event).data ?? {};
    const thought = index === undefined ? undefined : this.#thoughts.get(index);
    return thought ? { thoughts: { blocks: [thought] } } : {};
  }

  /** Reads the blocks of an answer that was not streamed. */
  whole(event: unknown): Found {
    const blocks = wholeMessage.safeParse(event).data?.content ?? [];
    const calls = blocks.flatMap((block) => {
      const call = toolUse.safeParse(block).data;
      return call ? [{ place: this.#calls++, ...described(call) }] : [];
    });
    return { calls, thoughts: { blocks: blocks.flatMap((block) => thinking.safeParse(block).data ?? []) } };
  }

  #piece(index: number, call: z.output<typeof toolUse>): CallPiece {
    return { place: this.#places.get(index), ...described(call) };
  }
}

/** Input that stands in the head of a block is whole; a streamed one begins as an empty object. */
function described({ id, name, input }: z.output<typeof toolUse>): CallPiece {
  const isWhole = isJsonObject(input) && Object.keys(input).length > 0;
  return { id, name, ...(isWhole && { whole: JSON.stringify(input) }) };
}

function withDelta(thought: ThoughtBlock, delta: unknown): ThoughtBlock {
  if (thought.type !== "thinking") return thought;
  const more = thinkingDelta.safeParse(delta).data?.thinking ?? "";
  const signature = signatureDelta.safeParse(delta).data?.signature ?? thought.signature;
  return { ...thought, thinking: thought.thinking + more, signature };
}
