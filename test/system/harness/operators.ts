import { addKey } from "../../../shared/db/desk/operator-keys.ts";
import { openDatabase } from "../../../shared/db/database.ts";
import { hashOfKey, makeOperatorKey } from "../../../shared/operator-key.ts";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import type { ApiAnswer, ApiClient } from "./api-client.ts";
import { adminPassword, type Product } from "./product.ts";

/** Credentials of the account that acts as `Support`. */
export const asSupport = { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}` };

/** Headers of a request by an operator. */
export type OperatorHeaders = { authorization: string };

/** Makes a key of an operator of that name, as `npm run keys` does. */
export async function makeOperator(
  { databaseUrl }: Pick<Product, "databaseUrl">,
  name: string,
  role: OperatorRole = "operator",
): Promise<OperatorHeaders> {
  const key = makeOperatorKey();
  const keyHash = hashOfKey(key);
  const db = openDatabase(databaseUrl, quietLog());
  try {
    if (keyHash) await addKey(db.pool, { siteId: defaultSite, name, role, keyHash, days: 1 });
  } finally {
    await db.close();
  }
  return { authorization: `Bearer ${key}` };
}

/** Sends a request below `/api/operator`; one with a body is a POST. */
export function askDesk(
  client: ApiClient,
  path: string,
  headers: OperatorHeaders,
  options: { method?: string; body?: unknown } = {},
): Promise<ApiAnswer> {
  const method = options.body === undefined ? "GET" : "POST";
  return client.request(`/api/operator${path}`, { method, headers, ...options });
}
