import type { NextFunction, Request, Response } from "express";
import type { Config } from "../../../shared/config.ts";
import type { Logger } from "../../../shared/logger.ts";
import { clientAddress, clientNetwork } from "../limits/client-address.ts";

interface Client {
  address: string;
  /** What counts as one client; see `clientNetwork`. */
  network: string;
}

const clients = new WeakMap<Request, Client>();

/** Where a request came from; see `clientAddress`. */
export function clientOf(req: Request): Client {
  return clients.get(req) ?? describe(req);
}

/** Notes where each request came from while its connection is there to ask: a client that hangs up early counts, too. */
export function noteClients({ TRUST_PROXY }: Pick<Config, "TRUST_PROXY">, log: Logger) {
  let warned = TRUST_PROXY !== false;
  return (req: Request, _res: Response, next: NextFunction): void => {
    clients.set(req, describe(req));
    if (!warned && req.headers["x-forwarded-for"] !== undefined) {
      warned = true;
      log.warn(
        "a request has X-Forwarded-For, and TRUST_PROXY is not set: behind a proxy all visitors count as one client, " +
          "so set TRUST_PROXY to the number of proxies in front of this service",
      );
    }
    next();
  };
}

function describe(req: Request): Client {
  const address = clientAddress(req);
  return { address, network: clientNetwork(address) };
}
