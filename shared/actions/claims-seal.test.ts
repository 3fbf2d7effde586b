import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { ClaimsSeal } from "./claims-seal.ts";

const secret = "a secret that API and workers share";
const claims = { sub: "visitor 4711", number: 7, member: true };

it("sealed claims are opened for their job, under the same secret, and are not readable", () => {
  const job = randomUUID();
  const sealed = new ClaimsSeal(secret).seal(job, claims);
  expect(new ClaimsSeal(secret).open(job, sealed)).toEqual(claims);
  expect(sealed.toString("latin1")).not.toContain("4711");
  expect(new ClaimsSeal(secret).seal(job, claims)).not.toEqual(sealed);
  expect(new ClaimsSeal(secret).open(randomUUID(), sealed)).toBeUndefined();
  expect(new ClaimsSeal("another secret").open(job, sealed)).toBeUndefined();
});

it("sealed claims that were changed, cut or made up are not opened", () => {
  const job = randomUUID();
  const seal = new ClaimsSeal(secret);
  const sealed = seal.seal(job, claims);
  for (const at of sealed.keys()) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(seal.open(job, changed)).toBeUndefined();
  }
  for (const length of [0, 11, 12, 27, 28, sealed.length - 1]) {
    expect(seal.open(job, sealed.subarray(0, length))).toBeUndefined();
  }
});
