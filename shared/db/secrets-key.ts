import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import type { Config } from "../config/config.ts";
import { readOrMakeSetting } from "./settings.ts";

/** Reads the secret that API and workers share: `SECRETS_KEY`, or one that is made once and kept in the database. */
export async function readSecretsKey(pool: Pool, { SECRETS_KEY }: Pick<Config, "SECRETS_KEY">): Promise<string> {
  return SECRETS_KEY ?? readOrMakeSetting(pool, "secrets-key", () => randomBytes(32).toString("base64url"));
}
