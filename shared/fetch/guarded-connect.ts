import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import type { AddressGuard } from "./address-guard.ts";
import { FetchError, toFetchError } from "./fetch-error.ts";
import { openTunnel } from "./proxy-tunnel.ts";

/** Finds all addresses of a host name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

export const resolveName: Resolve = (hostname) => lookup(hostname, { all: true });

interface ConnectOptions {
  guard: AddressGuard;
  resolve: Resolve;
  /** URL of a proxy that is asked to connect to the checked address. */
  proxy?: string | undefined;
  /** Maximum time for name, connection and TLS. */
  connectMs: number;
}

/** Maximum time for an address before the next one is tried; Node's 250 ms are short for another continent. */
const attemptMs = 1000;

/** Maximum addresses that a proxy is asked for. */
const maxTunnels = 2;

/**
 * Creates undici's function that opens a connection. The connection goes to an address that was checked: the name is
 * resolved once, and one refused address refuses the name, since a later lookup could choose that one.
 */
export function guardedConnector({ guard, resolve, proxy, connectMs }: ConnectOptions): buildConnector.connector {
  const checked = (hostname: string) => resolveChecked(hostname, guard, resolve);
  const connect = buildConnector({
    lookup: lookupWith(checked),
    timeout: connectMs,
    allowH2: false,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
  });
  return (options, done) => {
    // Node does not look up a literal address.
    const name = isIP(options.hostname) === 0 ? options.hostname : undefined;
    const ready = name !== undefined && proxy === undefined ? Promise.resolve([]) : checked(options.hostname);
    ready
      .then((addresses) => (proxy === undefined ? undefined : tunnelTo(addresses, options, { proxy, connectMs })))
      .then(
        (socket) => {
          if (socket === undefined) connect(options, done);
          else if (options.protocol === "https:") connect({ ...options, httpSocket: socket }, done);
          else done(null, socket);
        },
        (error: unknown) => done(toFetchError(error, options.hostname), null),
      );
  };
}

/** @throws {FetchError} `unresolved` or `not-allowed` */
export async function resolveChecked(
  hostname: string,
  guard: AddressGuard,
  resolve: Resolve,
): Promise<LookupAddress[]> {
  const family = isIP(hostname);
  const addresses = family === 0 ? await resolveOrFail(hostname, resolve) : [{ address: hostname, family }];
  for (const { address } of addresses) {
    const kind = guard(address);
    if (kind === undefined) continue;
    const hint = "Only public addresses are fetched, and ranges listed in FETCH_ALLOW_PRIVATE.";
    throw new FetchError("not-allowed", `${hostname} is ${family === 0 ? "at " : ""}${kind}. ${hint}`);
  }
  return addresses;
}

async function resolveOrFail(hostname: string, resolve: Resolve): Promise<LookupAddress[]> {
  const addresses = await resolve(hostname).catch((cause: unknown) => {
    throw new FetchError("unresolved", `The name ${hostname} could not be resolved.`, { cause });
  });
  if (addresses.length === 0) throw new FetchError("unresolved", `The name ${hostname} has no address.`);
  return addresses;
}

function lookupWith(checked: (hostname: string) => Promise<LookupAddress[]>): LookupFunction {
  return (hostname, { all }, done) => {
    checked(hostname).then(
      (addresses) => {
        const [first = { address: "", family: 4 }] = addresses;
        if (all === true) done(null, addresses);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(toFetchError(error, hostname), ""),
    );
  };
}

async function tunnelTo(
  addresses: LookupAddress[],
  { protocol, port }: buildConnector.Options,
  via: { proxy: string; connectMs: number },
) {
  const toPort = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  const [first, ...others] = addresses.slice(0, maxTunnels);
  let attempt = openTunnel(first?.address ?? "", toPort, via);
  for (const { address } of others) attempt = attempt.catch(() => openTunnel(address, toPort, via));
  return await attempt;
}
