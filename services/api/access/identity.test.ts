import { createHash, createHmac } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../shared/db/clock.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { Problem } from "../../../shared/errors.ts";
import { createIdentities, isOf } from "./identity.ts";

const [secret, older] = ["the site's own secret, long enough for us", "the secret before that one, and long enough"];
const visitorKey = "the key of stored hashes";
const clock: Clock = { read: () => Promise.resolve({ now: Date.now(), of: "database" }) };
const identities = createIdentities({ siteId: defaultSite, secrets: [secret, older], visitorKey, clock });
const now = () => Math.floor(Date.now() / 1000);

function sign(claims: object, { key = secret, alg = "HS256" } = {}): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(Buffer.from(key));
}

/** A token of exactly these claims, as a serializer of another language writes them. */
function signJson(json: string): string {
  const body = [`{"alg":"HS256"}`, json].map((part) => Buffer.from(part).toString("base64url")).join(".");
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

async function faultOf(header: string | Promise<string>): Promise<string> {
  const error: unknown = await identities.verify(await header).catch((thrown: unknown) => thrown);
  if (!(error instanceof Problem)) throw new Error("the identity was taken");
  expect([error.code, error.status]).toEqual(["identity-invalid", 401]);
  return error.message;
}

describe("visitor identity", () => {
  it("accepts a token signed by the site and identifies the visitor by `sub` alone", async () => {
    const hash = createHmac("sha256", visitorKey).update("default\0user-7").digest();
    const formerHash = createHash("sha256").update("user-7").digest();
    const claims = { sub: "user-7", exp: now() + 3600 };
    expect(await identities.verify(await sign(claims))).toEqual({ hash, formerHash });
    const more = { ...claims, name: "Ada", email: "ada@example.com", iat: now(), plan: "pro", aud: "parley" };
    expect(await identities.verify(await sign(more))).toEqual({ hash, formerHash });
    const other = await identities.verify(await sign({ ...claims, sub: "user-8" }));
    expect([isOf(other, hash), isOf(other, formerHash), isOf(other, other.hash)]).toEqual([false, false, true]);
  });

  it("accepts a token signed with a secret that is being replaced", async () => {
    const claims = { sub: "user-7", exp: now() + 60 };
    const [one, other] = [await sign(claims), await sign(claims, { key: older })];
    expect(await identities.verify(one)).toEqual(await identities.verify(other));
    expect(await faultOf(sign(claims, { key: "a secret that nobody has told this service" }))).toContain("not signed");
  });

  it.each([
    ["times with fractions", { exp: 60.5, iat: -0.25, nbf: -1.5 }, {}],
    ["no name and no address", { exp: 60 }, { name: null, email: null, iat: null, nbf: null }],
    ["a name that is empty", { exp: 60 }, { name: "", email: "" }],
  ])("is taken with %s", async (_, times, claims) => {
    const absolute = Object.fromEntries(Object.entries(times).map(([key, offset]) => [key, now() + offset]));
    await identities.verify(await sign({ sub: "user-7", ...claims, ...absolute }));
  });

  it.each([
    ["7", "7"],
    ["7.0", "7"],
    ["1e3", "1000"],
    ["0", "0"],
    ["-1", "-1"],
    ["9007199254740991", "9007199254740991"],
  ])("is known by a number as by the same digits (%s)", async (written, digits) => {
    const numeric = await identities.verify(signJson(`{"sub":${written},"exp":${now() + 60}}`));
    expect(numeric).toEqual(await identities.verify(await sign({ sub: digits, exp: now() + 60 })));
  });

  it.each(["9007199254740992", "9007199254740993", "1e400", "1.5", "-9007199254740993", "true", "null", "[7]", "{}"])(
    "is of nobody who is %s: it is said how to write an id",
    async (written) => {
      const fault = await faultOf(signJson(`{"sub":${written},"exp":${now() + 60}}`));
      expect(fault).toMatch(/sub: must be text, like "4711", or a whole number .*write your id as a string/);
    },
  );

  it.each([
    ["a minute too old", { sub: "a", exp: now() - 120 }, /exp: expired, 1[12]\d s off .*its database's/],
    ["without an end", { sub: "a" }, "exp: must be a number of Unix seconds"],
    ["with no end", { sub: "a", exp: null }, "exp: must be a number of Unix seconds"],
    ["with an end that is no number", { sub: "a", exp: "2030" }, "exp: must be a number of Unix seconds"],
    ["with an end in milliseconds", { sub: "a", exp: (now() + 60) * 1000 }, "exp: must be Unix seconds"],
    ["good for longer than a day", { sub: "a", exp: now() + 86_400 + 120 }, "exp: must be at most 24 hours"],
    ["good for ever", { sub: "a", exp: 9_999_999_999 }, "exp: must be at most 24 hours"],
    ["begun at no time", { sub: "a", exp: now() + 60, iat: "now" }, "iat: must be a number of Unix seconds"],
    ["good from no time", { sub: "a", exp: now() + 60, nbf: "now" }, "nbf: must be a number of Unix seconds"],
    ["not good yet", { sub: "a", exp: now() + 600, nbf: now() + 300 }, /nbf: not valid yet, .* s off /],
    ["of nobody", { exp: now() + 60 }, "sub: must be text"],
    ["of nobody by name", { sub: "", exp: now() + 60 }, "sub: must not be empty"],
    ["of somebody with a NUL", { sub: "a\0b", exp: now() + 60 }, "sub: must be text"],
    ["of somebody with half a character", { sub: "a\ud83d", exp: now() + 60 }, "sub: must be text"],
    ["of too long a name", { sub: "x".repeat(256), exp: now() + 60 }, "sub: must have at most 255"],
    ["with a name that is none", { sub: "a", name: 7, exp: now() + 60 }, "name: must be text, null or absent"],
    ["with an address that is none", { sub: "a", email: [], exp: now() + 60 }, "email: must be text, null or absent"],
    ["with too long a name", { sub: "a", name: "x".repeat(201), exp: now() + 60 }, "name: must have at most 200"],
    ["with too long an address", { sub: "a", email: "x".repeat(321), exp: now() + 60 }, "email: must have at most 320"],
  ])("is refused when it is %s", async (_, claims, fault) => {
    expect(await faultOf(signJson(JSON.stringify(claims)))).toMatch(fault);
  });

  it("checks times against the given clock and names that clock in the error", async () => {
    const hourAhead = createIdentities({
      siteId: defaultSite,
      secrets: [secret],
      visitorKey,
      clock: { read: () => Promise.resolve({ now: Date.now() + 3_600_000, of: "process" }) },
    });
    await expect(hourAhead.verify(await sign({ sub: "a", exp: now() + 60 }))).rejects.toThrow(
      /exp: expired, 35[34]\d s off \S+Z, the time by the service's clock\./,
    );
    await hourAhead.verify(await sign({ sub: "a", exp: now() + 3700 }));
  });

  it("tolerates a clock that is seconds off", async () => {
    await identities.verify(await sign({ sub: "a", exp: now() - 30 }));
    await identities.verify(await sign({ sub: "a", exp: now() + 86_400 + 30 }));
  });

  it.each([
    ["without a signature", new UnsecuredJWT({ sub: "a", exp: now() + 60 }).encode()],
    ["under another algorithm", sign({ sub: "a", exp: now() + 60 }, { alg: "HS512" })],
    ["as no token at all", "user-7"],
    ["as two headers in one", sign({ sub: "a", exp: now() + 60 }).then((one) => `${one}, ${one}`)],
    ["with nothing in it", ""],
    ["with claims that are no object", signJson("[]")],
    ["with claims that are no JSON", signJson("sub=7")],
  ])("is refused %s", async (_, header) => {
    expect(await faultOf(header)).toContain("expected a compact JWS");
  });

  it("rejects an overlong token without parsing it", async () => {
    expect(await faultOf(sign({ sub: "a", exp: now() + 60, photo: "x".repeat(5000) }))).toContain("4096 characters");
  });

  it("is another visitor in each site, and only the first has visitors of earlier versions", async () => {
    const other = createIdentities({ siteId: "other", secrets: [secret], visitorKey, clock });
    const header = await sign({ sub: "a", exp: now() + 60 });
    const [here, there] = [await identities.verify(header), await other.verify(header)];
    expect(isOf(here, there.hash)).toBe(false);
    expect(isOf(there, here.hash) || isOf(there, here.formerHash)).toBe(false);
    expect(there.formerHash).toEqual(there.hash);
    // Stored by earlier versions: it must never change.
    expect(here.hash.toString("hex")).toBe(createHmac("sha256", visitorKey).update("default\0a").digest("hex"));
  });

  it("is rejected rather than ignored where no identity secret is set", async () => {
    const header = await sign({ sub: "a", exp: now() + 60 });
    await expect(
      createIdentities({ siteId: defaultSite, secrets: undefined, visitorKey, clock }).verify(header),
    ).rejects.toThrow("no IDENTITY_SECRET");
  });

  it("leaks nothing of the token in the error", async () => {
    const header = await sign({ sub: "x".repeat(300), email: "ada@example.com", exp: now() + 60 });
    expect(await faultOf(header)).not.toMatch(/xxx|ada@/);
  });
});
