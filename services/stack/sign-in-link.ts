import { addressOfLink, makeOneTimeLink } from "../../shared/accounts/one-time-link.ts";
import { storeLink } from "../../shared/db/accounts/operator-links.ts";
import { openDatabase } from "../../shared/db/database.ts";
import { addBuiltIn } from "../../shared/db/desk/operators.ts";
import type { Logger } from "../../shared/logger.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { signInLinkMs } from "../../shared/tunables.ts";

/**
 * Makes a link that signs one browser in as `Support`, once, within an hour: for development, where whoever starts the
 * service sees its terminal.
 * @param base address of the console's host
 */
export async function makeSignInLink(databaseUrl: string, base: string, log: Logger): Promise<string> {
  const db = openDatabase(databaseUrl, log, { connections: 1 });
  try {
    const operatorId = await addBuiltIn(db.pool, defaultSite, "full");
    const { token, tokenHash } = makeOneTimeLink();
    await storeLink(db.pool, { siteId: defaultSite, purpose: "sign-in", tokenHash, operatorId, lifeMs: signInLinkMs });
    return addressOfLink(base, token);
  } finally {
    await db.close();
  }
}
