import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";
import ipaddr from "ipaddr.js";
import { splitRange } from "./address-range.ts";

/**
 * Tells why an address must not be connected to.
 * @returns the kind of its range, in words; `undefined` if the address is allowed
 */
export type AddressGuard = (address: string) => string | undefined;

/**
 * Guards against addresses that are not global unicast: those of private networks, of this machine, and those that
 * carry an IPv4 address in an IPv6 one, which a gateway may deliver to a private network.
 * @param allowPrivate ranges such as `10.0.0.0/8`, in the form that `isAddressRange` accepts
 */
export function createAddressGuard(allowPrivate: readonly string[]): AddressGuard {
  const allowed = new BlockList();
  for (const range of allowPrivate) {
    const { address, bits, family } = splitRange(range);
    allowed.addSubnet(address, bits, family);
  }
  return (address) => {
    const family = isIP(address);
    if (family === 0) return "no address";
    const kind = family === 4 ? kindOfIPv4(address) : kindOfIPv6(address);
    if (kind === mapped) return kind;
    if (allowed.check(address, family === 4 ? "ipv4" : "ipv6")) return undefined;
    return kind ?? (isOurs(address) ? "an address of this machine" : undefined);
  };
}

const mapped = "an IPv4 address inside an IPv6 one";

/** Names of ranges in the words of a message; the others are reserved for special purposes. */
const kinds: Record<string, string> = {
  loopback: "an address of this machine",
  private: "an address of a private network",
  uniqueLocal: "an address of a private network",
  carrierGradeNat: "an address of a provider's network",
  linkLocal: "an address of the local link",
  multicast: "a multicast address",
  ipv4Mapped: mapped,
  rfc6145: mapped,
  rfc6052: mapped,
  "6to4": mapped,
  teredo: mapped,
};

const reserved = "a reserved address";

function kindOfIPv4(address: string): string | undefined {
  const range = ipaddr.IPv4.parse(address).range();
  return range === "unicast" ? undefined : (kinds[range] ?? reserved);
}

/** Global unicast is `2000::/3`, without what IANA has set apart in it. */
const global: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];
const setApart: [ipaddr.IPv6, number][] = [
  // IETF protocol assignments, documentation (RFC 3849, RFC 9637).
  [ipaddr.IPv6.parse("2001::"), 23],
  [ipaddr.IPv6.parse("2001:db8::"), 32],
  [ipaddr.IPv6.parse("3fff::"), 20],
];

function kindOfIPv6(text: string): string | undefined {
  // A zone, as in fe80::1%eth0, names an interface: such an address is of the local link.
  const [bare = ""] = text.split("%");
  const address = ipaddr.IPv6.parse(bare);
  const range = address.range();
  if (range !== "unicast") return kinds[range] ?? reserved;
  const isGlobal = address.match(global) && !setApart.some((part) => address.match(part));
  return isGlobal ? undefined : reserved;
}

/** Tests for an address of one of our own interfaces, which may be a public one. They change while a process runs. */
function isOurs(address: string): boolean {
  const parsed = ipaddr.parse(address).toString();
  return Object.values(networkInterfaces()).some((all) =>
    all?.some((own) => isIP(own.address) !== 0 && ipaddr.parse(own.address).toString() === parsed),
  );
}
