import type { Pool } from "pg";
import type { ClaimsSeal } from "../../../shared/actions/claims-seal.ts";
import type { Config } from "../../../shared/config/config.ts";
import type { NamedSecrets } from "../../../shared/config/named-secrets.ts";
import { refreshServer } from "../../../shared/db/mcp/looks.ts";
import { readSecretsKey } from "../../../shared/db/secrets-key.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { Lifecycle } from "../../../shared/process/lifecycle.ts";
import type { SiteToolClient, SiteToolsOptions } from "../../../shared/site-tools/tool-outcome.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";

interface Parts {
  secrets: NamedSecrets;
  pool: Pool;
  log: Logger;
  lifecycle: Lifecycle;
}

/** Opens the client that calls the endpoints of tools. */
export function openTools(config: Config, { secrets, pool, log, lifecycle }: Parts): SiteToolClient {
  const onListChanged = (server: string) =>
    void refreshServer(pool, defaultSite, server).catch((error: unknown) =>
      log.debug({ err: error }, "could not have the list of an MCP server read again"),
    );
  const siteTools = lazySiteTools({ settings: config, secrets, log, onListChanged });
  lifecycle.onClose("tools", () => siteTools.close());
  return siteTools;
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
    look: async (...args) => (await open()).look(...args),
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
