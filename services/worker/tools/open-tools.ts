import type { Pool } from "pg";
import type { ClaimsSeal } from "../../../shared/actions/claims-seal.ts";
import { type Config, readNamedSecrets } from "../../../shared/config/config.ts";
import type { NamedSecrets } from "../../../shared/config/named-secrets.ts";
import { readSecretsKey } from "../../../shared/db/secrets-key.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { Lifecycle } from "../../../shared/process/lifecycle.ts";
import type { SiteToolClient, SiteToolsOptions } from "../../../shared/site-tools/tool-outcome.ts";

/**
 * Opens the client that calls the endpoints of tools, and reads their secrets.
 * @throws {ConfigError} naming each secret that cannot be used
 */
export function openTools(
  config: Config,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): { secrets: NamedSecrets; siteTools: SiteToolClient } {
  const secrets = readNamedSecrets();
  const siteTools = lazySiteTools({ settings: config, secrets, log });
  lifecycle.onClose("tools", () => siteTools.close());
  return { secrets, siteTools };
}

/** Client that is loaded at the first call: most workers need neither its HTTP client nor its schema compiler. */
function lazySiteTools(options: SiteToolsOptions): SiteToolClient {
  let opened: Promise<SiteToolClient> | undefined;
  const open = () =>
    (opened ??= import("../../../shared/site-tools/open-site-tools.ts").then(({ openSiteTools }) =>
      openSiteTools(options),
    ));
  return {
    call: async (...args) => (await open()).call(...args),
    askStatus: async (...args) => (await open()).askStatus(...args),
    close: async () => (await opened)?.close(),
  };
}

/** Seal whose key is read for the first visitor's identity: most workers get none. */
export function lazyClaimsSeal(pool: Pool, config: Pick<Config, "SECRETS_KEY">): () => Promise<ClaimsSeal> {
  let opened: ClaimsSeal | undefined;
  return async () => {
    if (opened) return opened;
    const [{ ClaimsSeal }, secret] = await Promise.all([
      import("../../../shared/actions/claims-seal.ts"),
      readSecretsKey(pool, config),
    ]);
    return (opened = new ClaimsSeal(secret));
  };
}
