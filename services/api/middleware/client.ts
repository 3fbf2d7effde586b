import type { NextFunction, Request, Response } from "express";
import type { Config } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logger.ts";
import { clientAddress, clientNetwork } from "../limits/client-address.ts";

interface Client {
  address: string;
  /** The unit counted as one client; see `clientNetwork`. */
  network: string;
}

const clients = new WeakMap<Request, Client>();

/** The source of a request; see `clientAddress`. */
export function clientOf(req: Request): Client {
  return clients.get(req) ?? describe(req);
}

/**
 * Records the source of each request while its connection can still be asked, so that a client that hangs up early
 * counts, too.
 */
export function noteClients({ TRUST_PROXY }: Pick<Config, "TRUST_PROXY">, log: Logger) {
  let warned = false;
  const fault = TRUST_PROXY === false ? unexpectedHeader : missingHeader;
  return (req: Request, _res: Response, next: NextFunction): void => {
    clients.set(req, describe(req));
    if (!warned) {
      const warning = fault(req);
      if (warning !== undefined) log.warn(warning);
      warned = warning !== undefined;
    }
    next();
  };
}

/** Returns a warning if a request has a forwarding header although `TRUST_PROXY` is not set. */
function unexpectedHeader({ headers }: Request): string | undefined {
  if (headers["x-forwarded-for"] === undefined) return undefined;
  return (
    "a request has X-Forwarded-For, and TRUST_PROXY is not set: behind a proxy all visitors count as one client, " +
    "so set TRUST_PROXY to the number of proxies in front of this service"
  );
}

/**
 * Returns a warning if `TRUST_PROXY` is set and a proxied request lacks the header. nginx and HAProxy add none by
 * default. Probes and scrapers bypass the proxy, so only API requests are checked.
 */
function missingHeader(req: Request): string | undefined {
  const trusts = req.app.get("trust proxy fn") as (address: string, hop: number) => boolean;
  const isVisitor = req.path.startsWith("/api/");
  const { remoteAddress } = req.socket;
  if (!isVisitor || req.headers["x-forwarded-for"] !== undefined) return undefined;
  if (remoteAddress === undefined || !trusts(remoteAddress, 0)) return undefined;
  return (
    "TRUST_PROXY is set, and a request came without X-Forwarded-For: all visitors of a proxy that does not add it count as " +
    "one client, so have it set X-Forwarded-For, or unset TRUST_PROXY where there is no proxy"
  );
}

function describe(req: Request): Client {
  const address = clientAddress(req);
  return { address, network: clientNetwork(address) };
}

/** Returns a signal that aborts when the client disconnects or has its full answer. */
export function untilClosed(res: Response): AbortSignal {
  const closed = new AbortController();
  if (res.closed) closed.abort();
  else res.on("close", () => closed.abort());
  return closed.signal;
}
