import { isIP } from "node:net";

interface AddressRange {
  address: string;
  bits: number;
  family: "ipv4" | "ipv6";
}

/** Tests for a CIDR range of IPv4 or IPv6. The whole of a family is none: that would switch the guard off. */
export function isAddressRange(text: string): boolean {
  const { address, bits, family } = splitRange(text);
  return isIP(address) !== 0 && bits >= 1 && bits <= (family === "ipv4" ? 32 : 128);
}

/** Splits a range such as `10.0.0.0/8`; 0 bits if it has none. */
export function splitRange(text: string): AddressRange {
  const [, address = "", prefix = "0"] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
  return { address, bits: Number(prefix), family: isIP(address) === 4 ? "ipv4" : "ipv6" };
}
