import { createHash } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { Problem } from "../../shared/errors.ts";
import { createIdentities } from "./identity.ts";

const [secret, older] = ["the site's own secret, long enough for us", "the secret before that one, and long enough"];
const identities = createIdentities([secret, older]);
const now = () => Math.floor(Date.now() / 1000);

function sign(claims: object, { key = secret, alg = "HS256" } = {}): Promise<string> {
  return new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(Buffer.from(key));
}

async function faultOf(header: string | Promise<string>): Promise<string> {
  const error: unknown = await identities.verify(await header).catch((thrown: unknown) => thrown);
  if (!(error instanceof Problem)) throw new Error("the identity was taken");
  expect([error.code, error.status]).toEqual(["identity-invalid", 401]);
  return error.message;
}

describe("a visitor's identity", () => {
  it("is taken when the site has signed it, whatever else it says, and known by its sub alone", async () => {
    const hash = createHash("sha256").update("user-7").digest();
    const claims = { sub: "user-7", exp: now() + 3600 };
    expect(await identities.verify(await sign(claims))).toEqual({ hash });
    const more = { ...claims, name: "Ada", email: "ada@example.com", iat: now(), plan: "pro", aud: "parley" };
    expect(await identities.verify(await sign(more))).toEqual({ hash });
    expect(await identities.verify(await sign({ ...claims, sub: "user-8" }))).not.toEqual({ hash });
  });

  it("is taken under a secret that is being replaced", async () => {
    const claims = { sub: "user-7", exp: now() + 60 };
    const [one, other] = [await sign(claims), await sign(claims, { key: older })];
    expect(await identities.verify(one)).toEqual(await identities.verify(other));
    expect(await faultOf(sign(claims, { key: "a secret that nobody has told this service" }))).toContain("not signed");
  });

  it.each([
    ["a minute too old", { sub: "a", exp: now() - 120 }, "has expired"],
    ["without an end", { sub: "a" }, "exp"],
    ["with an end that is no number", { sub: "a", exp: "2030" }, "exp"],
    ["with an end in mid-second", { sub: "a", exp: now() + 60.5 }, "exp: must be a whole number"],
    ["good for longer than a day", { sub: "a", exp: now() + 86_400 + 120 }, "at most 24 hours"],
    ["good for ever", { sub: "a", exp: 9_007_199_254_740_991 }, "at most 24 hours"],
    ["not good yet", { sub: "a", exp: now() + 600, nbf: now() + 300 }, "claims"],
    ["of nobody", { exp: now() + 60 }, "sub"],
    ["of nobody by name", { sub: "", exp: now() + 60 }, "sub: must not be empty"],
    ["of a number", { sub: 7, exp: now() + 60 }, "sub"],
    ["of somebody with a NUL", { sub: "a\0b", exp: now() + 60 }, "sub: must be text"],
    ["of somebody with half a character", { sub: "a\ud83d", exp: now() + 60 }, "sub: must be text"],
    ["of too long a name", { sub: "x".repeat(256), exp: now() + 60 }, "sub: must have at most 255"],
    ["with too long a name", { sub: "a", name: "x".repeat(201), exp: now() + 60 }, "name: must have at most 200"],
    ["with too long an address", { sub: "a", email: "x".repeat(321), exp: now() + 60 }, "email: must have at most 320"],
  ])("is refused when it is %s", async (_, claims, fault) => {
    expect(await faultOf(sign(claims))).toContain(fault);
  });

  it("is forgiven a clock that is off by seconds", async () => {
    await identities.verify(await sign({ sub: "a", exp: now() - 30 }));
    await identities.verify(await sign({ sub: "a", exp: now() + 86_400 + 30 }));
  });

  it.each([
    ["without a signature", new UnsecuredJWT({ sub: "a", exp: now() + 60 }).encode()],
    ["under another algorithm", sign({ sub: "a", exp: now() + 60 }, { alg: "HS512" })],
    ["as no token at all", "user-7"],
    ["as two headers in one", sign({ sub: "a", exp: now() + 60 }).then((one) => `${one}, ${one}`)],
    ["with nothing in it", ""],
  ])("is refused %s", async (_, header) => {
    expect(await faultOf(header)).toContain("expected a compact JWS");
  });

  it("is refused unread when it is longer than an identity can be", async () => {
    expect(await faultOf(sign({ sub: "a", exp: now() + 60, photo: "x".repeat(5000) }))).toContain("4096 characters");
  });

  it("is refused, not passed over, where the service verifies nobody", async () => {
    const header = await sign({ sub: "a", exp: now() + 60 });
    await expect(createIdentities(undefined).verify(header)).rejects.toThrow("no IDENTITY_SECRET");
  });

  it("shows nothing of itself in what it is refused with", async () => {
    const header = await sign({ sub: "x".repeat(300), email: "ada@example.com", exp: now() + 60 });
    expect(await faultOf(header)).not.toMatch(/xxx|ada@/);
  });
});
