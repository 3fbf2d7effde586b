import { isIP } from "node:net";
import type { Request } from "express";

/** Key for connections that ended before their address was read; their requests count together. */
const unknownAddress = "unknown";

/**
 * The address a request came from, in one spelling, as far as `TRUST_PROXY` allows. A proxy may pass on a value that is
 * no address. Then the connection's own address is used, so that no client can invent names to be counted under.
 */
export function clientAddress(req: Request): string {
  for (const candidate of [req.ip, req.socket.remoteAddress]) {
    const address = candidate === undefined ? undefined : canonicalAddress(candidate);
    if (address !== undefined) return address;
  }
  return unknownAddress;
}

/** The network that a connection itself counts as, whatever its requests claim; see `clientNetwork`. */
export function peerNetwork(remoteAddress: string | undefined): string {
  return clientNetwork((remoteAddress === undefined ? undefined : canonicalAddress(remoteAddress)) ?? unknownAddress);
}

/** The unit counted as one client: an IPv4 address, or the IPv6 /64 that one host owns. */
export function clientNetwork(address: string): string {
  return address.includes(":") ? `${groupsOf(address).slice(0, 4).join(":")}::/64` : address;
}

/** @returns the address in lower case, without zone and port, IPv4 as such; `undefined` if it is no address */
function canonicalAddress(text: string): string | undefined {
  // A dual-stack socket shows most clients in this form.
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

/** Removes the port and the zone: some proxies write `192.0.2.1:4711`, `[2001:db8::1]:4711`, or a zone after a `%`. */
function withoutPort(text: string): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(text) ?? [];
  const [address = ""] = (ipv6 ?? ipv4 ?? text).split("%", 1);
  return address;
}

/** Converts an IPv4-mapped address in any other spelling. */
function mappedIPv4(address: string): string | undefined {
  const groups = groupsOf(address);
  if (groups.slice(0, 5).some((group) => group !== "0") || groups[5] !== "ffff") return undefined;
  const [high, low] = groups.slice(6).map((group) => Number.parseInt(group, 16));
  if (high === undefined || low === undefined) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The eight groups of an IPv6 address, each without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser accepts every spelling.
  const { hostname } = new URL(`http://[${address}]`);
  const [left = "", right] = hostname.slice(1, -1).split("::");
  const head = left === "" ? [] : left.split(":");
  if (right === undefined) return head;
  const tail = right === "" ? [] : right.split(":");
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => "0"), ...tail];
}
