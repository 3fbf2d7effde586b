import { z } from "zod";
import type { CallPiece } from "../tools/call-assembler.ts";

const word = z.string().optional().catch(undefined);
const number = z.number().optional().catch(undefined);
const functionCall = z.object({
  type: z.literal("function_call"),
  id: word,
  call_id: word,
  name: word,
  arguments: word,
});
const ofItem = z.object({ output_index: number, item: functionCall });
const ofArguments = z.object({ output_index: number, item_id: word, delta: word, arguments: word });
const output = z.array(functionCall.optional().catch(undefined)).catch([]);

/**
 * Reads the calls of tools of one response. As its text, they arrive in deltas, then whole at the end of the arguments, of
 * the item and of the response, and some servers send only one of these.
 */
export class ResponseCalls {
  readonly #places = new Map<string, string | number>();
  #seen = 0;

  /** Head or end of an item. */
  ofItem(event: unknown, { whole }: { whole: boolean }): CallPiece[] {
    const { output_index: index, item } = ofItem.safeParse(event).data ?? {};
    if (!item) return [];
    const place = this.#placeOf(item.id, index);
    return [{ place, id: item.call_id, name: item.name, ...(whole && { whole: item.arguments ?? "" }) }];
  }

  /** Some of the arguments, or all of them. */
  ofArguments(event: unknown): CallPiece[] {
    const { output_index: index, item_id: id, delta, arguments: whole } = ofArguments.safeParse(event).data ?? {};
    if (delta === undefined && whole === undefined) return [];
    const place = this.#placeOf(id, index);
    return [whole === undefined ? { place, written: delta } : { place, whole }];
  }

  /** Output of the response, for a server that sends its calls only there. */
  ofOutput(value: unknown): CallPiece[] {
    if (this.#seen > 0) return [];
    return output.parse(value).flatMap((item, at) => {
      if (!item) return [];
      return [{ place: at, id: item.call_id, name: item.name, whole: item.arguments ?? "" }];
    });
  }

  /** Items are named by their id, by their place, or by both. */
  #placeOf(id: string | undefined, index: number | undefined): string | number | undefined {
    this.#seen += 1;
    const place = (id === undefined ? undefined : this.#places.get(id)) ?? index ?? id;
    if (id !== undefined && place !== undefined) this.#places.set(id, place);
    return place;
  }
}
