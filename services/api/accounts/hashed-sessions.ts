import type { kyselyAdapter } from "@better-auth/kysely-adapter";
import { hashSessionToken } from "../../../shared/accounts/session-token.ts";

type OpenAdapter = ReturnType<typeof kyselyAdapter>;
type Adapter = ReturnType<OpenAdapter>;

/** The parts of an adapter's call in which a session's token can be. */
interface AdapterCall {
  model?: string;
  where?: { field: string; value: unknown }[];
  data?: Record<string, unknown>;
  update?: Record<string, unknown>;
}

type AdapterMethod = (call: AdapterCall, ...rest: unknown[]) => Promise<unknown>;

/**
 * Has better-auth, which stores the tokens of sessions as they are, store their hashes. It sees its own tokens again in
 * what it writes and finds by a token; in a list of an operator's sessions it sees hashes, with which it ends none.
 */
export function hashSessionTokens(open: OpenAdapter): OpenAdapter {
  return (options) => hashing(open(options));
}

/** Wraps every method of the adapter, so also those that a later version adds. */
function hashing(adapter: Adapter): Adapter {
  return new Proxy(adapter, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name === "transaction") {
        const transaction: Adapter["transaction"] = (work) =>
          target.transaction((inner) => work(hashing(inner as Adapter)));
        return transaction;
      }
      return typeof member === "function" ? withHashes(member as AdapterMethod) : member;
    },
  });
}

function withHashes(method: AdapterMethod): AdapterMethod {
  return async (call, ...rest) => {
    if (call?.model !== "session") return method(call, ...rest);
    const tokens = new Map<string, string>();
    const hash = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(hash);
      if (typeof value !== "string") return value;
      const hashed = hashSessionToken(value);
      tokens.set(hashed, value);
      return hashed;
    };
    const hashed: AdapterCall = { ...call };
    if (call.where) {
      hashed.where = call.where.map((each) => (each.field === "token" ? { ...each, value: hash(each.value) } : each));
    }
    for (const part of ["data", "update"] as const) {
      const fields = call[part];
      if (fields && "token" in fields) hashed[part] = { ...fields, token: hash(fields["token"]) };
    }
    const result = await method(hashed, ...rest);
    return Array.isArray(result) ? result.map((row) => withToken(row, tokens)) : withToken(result, tokens);
  };
}

/** A row with the token by which it was asked for. */
function withToken(row: unknown, tokens: ReadonlyMap<string, string>): unknown {
  if (typeof row !== "object" || row === null || !("token" in row)) return row;
  const token = tokens.get(String(row.token));
  return token === undefined ? row : { ...row, token };
}
