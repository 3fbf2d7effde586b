import { z } from "zod";
import type { Pool } from "pg";
import { mailAudiences, readMailKey } from "../../../shared/mail/mail-tokens.ts";
import { readSignedClaims, toKeys } from "../access/signed-claims.ts";

const sha256Bytes = 32;
const conversationId = z.uuid();

/** Reads the tokens of links in mails. */
export class MailLinks {
  readonly #pool: Pool;
  #key: string | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** @returns the conversation that it opens; `ended`: seven days are over; `undefined`: it is no such token of ours */
  async opens(token: string): Promise<{ conversationId: string } | "ended" | undefined> {
    const read = await this.#read(token, { audience: mailAudiences.open, requiredClaims: ["sub", "exp"] });
    if ("fault" in read) return read.fault === "expired" ? "ended" : undefined;
    const { data } = conversationId.safeParse(read.claims.sub);
    return data === undefined ? undefined : { conversationId: data };
  }

  /** @returns the hash of the address that it stops; `undefined`: it is no such token of ours */
  async stops(token: string): Promise<Buffer | undefined> {
    const read = await this.#read(token, { audience: mailAudiences.stop, requiredClaims: ["sub"] });
    if ("fault" in read) return undefined;
    const hash = Buffer.from(read.claims.sub ?? "", "base64url");
    return hash.length === sha256Bytes ? hash : undefined;
  }

  async #read(token: string, options: Parameters<typeof readSignedClaims>[2]) {
    this.#key ??= await readMailKey(this.#pool);
    return readSignedClaims(token, toKeys([this.#key]), options);
  }
}
