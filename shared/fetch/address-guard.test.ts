import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { createAddressGuard } from "./address-guard.ts";
import { isAddressRange } from "./address-range.ts";

const guard = createAddressGuard([]);

describe("address guard", () => {
  it.each(["8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "198.17.0.1", "192.0.1.1", "2606:4700::1111"])(
    "allows the public address %s",
    (address) => expect(guard(address)).toBeUndefined(),
  );

  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
  ])("refuses %s", (address) => expect(guard(address)).toMatch(/address/));

  it.each([
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::127.0.0.1", "compatible with IPv4"],
    ["::ffff:8.8.8.8", "mapped"],
    ["::ffff:7f00:1", "mapped"],
    ["::ffff:0:8.8.8.8", "translated"],
    ["64:ff9b::8.8.8.8", "NAT64"],
    ["64:ff9b:1::1", "local NAT64"],
    ["100::1", "discard"],
    ["2001::1", "Teredo"],
    ["2001:2::1", "benchmarks"],
    ["2001:10::1", "ORCHID"],
    ["2001:db8::1", "documentation"],
    ["2002:7f00:1::", "6to4"],
    ["3fff::1", "documentation"],
    ["4000::1", "unassigned"],
    ["5f00::1", "segment routing"],
    ["fc00::1", "unique local"],
    ["fd12:3456::1", "unique local"],
    ["fe80::1", "link local"],
    ["fe80::1%lo", "link local with a zone"],
    ["fec0::1", "site local"],
    ["ff02::1", "multicast"],
  ])("refuses %s (%s)", (address) => expect(guard(address)).toMatch(/address/));

  it("refuses text that is no address", () => {
    for (const text of ["", "localhost", "127.1", "1.2.3.4.5"]) expect(guard(text)).toBe("no address");
  });

  it("refuses every address of this machine's interfaces", () => {
    const own = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
    expect(own.length).toBeGreaterThan(0);
    for (const address of own) expect(guard(address), address).toMatch(/address/);
  });

  it("allows the listed ranges, and nothing beside them", () => {
    const withRanges = createAddressGuard(["10.1.0.0/16", "fd00:1::/32", "127.0.0.1/32"]);
    for (const address of ["10.1.2.3", "fd00:1::5", "127.0.0.1"]) expect(withRanges(address)).toBeUndefined();
    for (const address of ["10.2.0.1", "fd00:2::5", "127.0.0.2"]) expect(withRanges(address)).toMatch(/address/);
  });

  it("refuses an IPv4 address inside an IPv6 one though its range is listed", () => {
    const withRange = createAddressGuard(["127.0.0.0/8"]);
    for (const address of ["::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"]) {
      expect(withRange(address)).toMatch(/address/);
    }
  });
});

describe("address range", () => {
  it("is an address and a number of bits", () => {
    for (const range of ["10.0.0.0/8", "127.0.0.1/32", "fd00::/8", "::1/128"]) expect(isAddressRange(range)).toBe(true);
  });

  it("is no name, no bare address, no odd spelling and not a whole family", () => {
    for (const text of [
      "10.0.0.0",
      "10/8",
      "10.0.0.0/33",
      "fd00::/129",
      "0.0.0.0/0",
      "::/0",
      "10.0.0.0/8/8",
      "a/8",
      "",
    ]) {
      expect(isAddressRange(text), text).toBe(false);
    }
  });
});
