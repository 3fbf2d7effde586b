import { isIP } from "node:net";
import type { Request } from "express";

/** Where a connection had ended before anybody looked; its requests count together. */
const unknownAddress = "unknown";

/**
 * Where a request came from, as `TRUST_PROXY` lets us believe it: an address in one spelling. What a proxy passed on may
 * be no address at all; then the connection's own is taken, so that nobody makes up names to be counted under.
 */
export function clientAddress(req: Request): string {
  for (const candidate of [req.ip, req.socket.remoteAddress]) {
    const address = candidate === undefined ? undefined : canonicalAddress(candidate);
    if (address !== undefined) return address;
  }
  return unknownAddress;
}

/** What a connection itself counts as, whatever its requests say; see `clientNetwork`. */
export function peerNetwork(remoteAddress: string | undefined): string {
  return clientNetwork((remoteAddress === undefined ? undefined : canonicalAddress(remoteAddress)) ?? unknownAddress);
}

/** What is counted as one client: an IPv4 address, or the /64 that one IPv6 host has all of. */
export function clientNetwork(address: string): string {
  return address.includes(":") ? `${groupsOf(address).slice(0, 4).join(":")}::/64` : address;
}

/** @returns the address in lower case, without zone and port, IPv4 as such; `undefined` when it is none */
function canonicalAddress(text: string): string | undefined {
  // How a socket that takes both kinds shows most clients.
  const [, mapped = text] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text) ?? [];
  const address = withoutPort(mapped.trim());
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return mappedIPv4(address) ?? groupsOf(address).join(":");
    default:
      return undefined;
  }
}

/** Some proxies write `192.0.2.1:4711`, `[2001:db8::1]:4711`, or a zone behind a `%`. */
function withoutPort(text: string): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(text) ?? [];
  const [address = ""] = (ipv6 ?? ipv4 ?? text).split("%", 1);
  return address;
}

/** The same in other spellings. */
function mappedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  if (groups.slice(0, 5).some((group) => group !== "0") || groups[5] !== "ffff") return undefined;
  const [high, low] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  if (high === undefined || low === undefined) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The eight groups of an IPv6 address, each without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser knows every spelling.
  const { hostname } = new URL(`http://[${address}]`);
  const [left = "", right] = hostname.slice(1, -1).split("::");
  const head = left === "" ? [] : left.split(":");
  if (right === undefined) return head;
  const tail = right === "" ? [] : right.split(":");
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
}
