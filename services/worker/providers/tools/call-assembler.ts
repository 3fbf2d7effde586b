import { readArguments } from "./read-arguments.ts";
import { type CallItem, isJsonObject, type JsonObject, type Tool, type ToolCall } from "./tool.ts";

/** Part of a call that one event brings. Empty strings count as absent: servers fill unused fields with them. */
export interface CallPiece {
  /** Place of the call among those of the answer: an index, or the id of its item. Absent where the server sends none. */
  place?: string | number | undefined;
  id?: string | undefined;
  name?: string | undefined;
  /** Some of the arguments' text. */
  written?: string | undefined;
  /** All of the arguments: replaces what came before. */
  whole?: string | undefined;
  /** Fields that the server wants back. */
  keep?: JsonObject | undefined;
}

interface OpenCall {
  place: string | number | undefined;
  id: string | undefined;
  name: string;
  pieces: string[];
  keep?: JsonObject;
}

/** Puts the calls of one answer together from the pieces in which servers send them. */
export class CallAssembler {
  readonly #tools: ReadonlySet<string>;
  readonly #calls: OpenCall[] = [];

  constructor(tools: readonly Tool[]) {
    this.#tools = new Set(tools.map(({ name }) => name));
  }

  get isEmpty(): boolean {
    return this.#calls.length === 0;
  }

  add(piece: CallPiece): void {
    const given = withoutBlanks(piece);
    const found = this.#openOf(given);
    const call = found && !this.#begins(found, given) ? found : this.#begin(given);
    if (call.name === "" || this.#isNamePiece(call, given)) call.name += given.name ?? "";
    call.id ??= given.id;
    if (given.keep) call.keep = { ...call.keep, ...given.keep };
    if (given.whole !== undefined) call.pieces = [given.whole];
    else if (given.written !== undefined) call.pieces.push(given.written);
  }

  /** @returns the calls in their order */
  calls(): ToolCall[] {
    return this.#calls.filter((call, at) => isCall(call, this.#calls[at - 1])).flatMap((call) => this.#read(call));
  }

  /** The call that a piece may belong to. */
  #openOf({ place, id, name }: CallPiece): OpenCall | undefined {
    const last = this.#calls.at(-1);
    if (place === undefined) return last;
    const here = this.#calls.findLast((call) => call.place === place);
    // Some servers count pieces: another place, with the same id or with nothing that begins a call.
    const goesOn = last && (id === undefined ? name === undefined : last.id === id);
    return here ?? (goesOn ? last : undefined);
  }

  /** True if a piece begins another call at the place of an open one. */
  #begins(call: OpenCall, { id, name, written, whole }: CallPiece): boolean {
    if (call.id !== undefined && call.id === id) return false;
    const another = name !== undefined && name !== call.name && !this.#isNamePiece(call, { name });
    if (another && call.name !== "") return true;
    // A new id alone tells nothing: some servers give each piece its own.
    const hasNewId = id !== undefined && call.id !== undefined;
    const given = (written ?? whole ?? "").trim();
    if (call.pieces.length === 0) return name !== undefined && hasNewId && given === "";
    if (readArguments(call.pieces) === undefined) return false;
    return hasNewId || (name !== undefined && given !== call.pieces.join("").trim());
  }

  /** True if a name goes on with the beginning of a tool's name. */
  #isNamePiece({ name: before, pieces }: OpenCall, { name }: CallPiece): boolean {
    if (name === undefined || name === before || pieces.length > 0 || this.#tools.has(before)) return false;
    return [...this.#tools].some((tool) => tool.startsWith(before + name));
  }

  #begin({ place, id }: CallPiece): OpenCall {
    const call: OpenCall = { place, id, name: "", pieces: [] };
    this.#calls.push(call);
    return call;
  }

  #read({ name: written, pieces, keep }: OpenCall): ToolCall[] {
    const args = readArguments(pieces);
    const name = this.#nameOf(written);
    const item: CallItem = { name, written: pieces.join(""), ...(keep && { keep }) };
    const inner = args && !this.#tools.has(name) ? this.#readWrapped(args) : [];
    if (inner.length > 0) return inner.map((call) => ({ ...call, item }));
    return [{ name, ...(args && { arguments: args }), item }];
  }

  /** Reads the wrapper by which OpenAI's models call several tools at once, which now and then comes out as a call. */
  #readWrapped({ tool_uses: uses }: JsonObject): Omit<ToolCall, "item">[] {
    if (!Array.isArray(uses)) return [];
    return uses.filter(isJsonObject).flatMap(({ recipient_name: name, parameters }) => {
      if (typeof name !== "string") return [];
      return [{ name: this.#nameOf(name), ...(isJsonObject(parameters) && { arguments: parameters }) }];
    });
  }

  /** Name of the tool that is meant: models put `functions.` before it, and a count behind it. */
  #nameOf(written: string): string {
    const name = written.trim();
    if (this.#tools.has(name)) return name;
    const bare = name.replace(/^functions[.:]/, "").replace(/:\d+$/, "");
    return this.#tools.has(bare) ? bare : name;
  }
}

/** A name that was only repeated, without an id and arguments, is no second call. */
function isCall({ name, id, pieces }: OpenCall, before: OpenCall | undefined): boolean {
  return name !== "" && (id !== undefined || pieces.length > 0 || name !== before?.name);
}

function withoutBlanks(piece: CallPiece): CallPiece {
  const { id, name, written, ...rest } = piece;
  return {
    ...rest,
    ...(id && { id }),
    ...(name && { name }),
    ...(written !== undefined && written !== "" && { written }),
  };
}
