import { Buffer } from "node:buffer";
import { createHmac, randomUUID } from "node:crypto";
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createTokens } from "./tokens.ts";

const secret = "a secret of more than thirty-two characters";
const key = Buffer.from(secret);
const tokens = createTokens([secret]);
const conversationId = randomUUID();
const audience = "parley:conversation";

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token signed with the right secret whatever its header says. */
function signByHand(header: object, payload: object): string {
  const body = `${base64url(header)}.${base64url(payload)}`;
  return `${body}.${createHmac("sha256", key).update(body).digest("base64url")}`;
}

const payload = { aud: audience, sub: conversationId, exp: Math.floor(Date.now() / 1000) + 60 };

describe("conversation token", () => {
  it("opens its conversation for thirty days", async () => {
    const token = await tokens.sign(conversationId);
    expect(await tokens.verify(token)).toBe(conversationId);
    expect(await createTokens([secret]).verify(token)).toBe(conversationId);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "HS256" });
    const { aud, sub, iat = 0, exp = 0 } = decodeJwt(token);
    expect({ aud, sub, days: (exp - iat) / 86_400 }).toEqual({ aud: audience, sub: conversationId, days: 30 });
  });

  it("is accepted when another library made an equivalent one", async () => {
    expect(await tokens.verify(signByHand({ alg: "HS256" }, payload))).toBe(conversationId);
  });

  it.each([
    ["without a signature", () => new UnsecuredJWT(payload).encode()],
    ["that says it needs none, though it is signed", () => signByHand({ alg: "none" }, payload)],
    ["of another algorithm", () => new SignJWT(payload).setProtectedHeader({ alg: "HS512" }).sign(key)],
    ["that names another algorithm than it was signed with", () => signByHand({ alg: "HS384" }, payload)],
    ["for another audience", () => signByHand({ alg: "HS256" }, { ...payload, aud: "parley:admin" })],
    ["for no audience", () => signByHand({ alg: "HS256" }, { sub: payload.sub, exp: payload.exp })],
    ["that has expired", () => signByHand({ alg: "HS256" }, { ...payload, exp: Math.floor(Date.now() / 1000) - 1 })],
    ["that never expires", () => signByHand({ alg: "HS256" }, { aud: audience, sub: conversationId })],
    ["that is not valid yet", () => signByHand({ alg: "HS256" }, { ...payload, nbf: payload.exp })],
    ["of no conversation", () => signByHand({ alg: "HS256" }, { aud: audience, exp: payload.exp })],
    ["with a header we do not know", () => signByHand({ alg: "HS256", crit: ["x"], x: 1 }, payload)],
    ["of another secret", () => createTokens([`${secret}!`]).sign(conversationId)],
    ["that is none", () => "not.a.token"],
    ["that is empty", () => ""],
  ])("is refused %s", async (_, make) => {
    expect(await tokens.verify(await make())).toBeUndefined();
  });

  it("survives a rotation while the old secret is listed, and is signed with the first secret", async () => {
    const next = `${secret} that is new`;
    const [before, during, after] = [tokens, createTokens([next, secret]), createTokens([next])];
    const old = await before.sign(conversationId);
    const renewed = await during.sign(conversationId);
    expect(await during.verify(old)).toBe(conversationId);
    expect(await after.verify(renewed)).toBe(conversationId);
    expect(await after.verify(old)).toBeUndefined();
    expect(await before.verify(renewed)).toBeUndefined();
  });

  it("is identical within an hour and new after it", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    const own = createTokens([secret]);
    const id = randomUUID();
    const first = await own.sign(id);
    vi.setSystemTime(Date.now() + 59 * 60_000);
    expect(await own.sign(id)).toBe(first);
    vi.setSystemTime(Date.now() + 2 * 60_000);
    const second = await own.sign(id);
    expect(second).not.toBe(first);
    expect([await own.verify(first), await own.verify(second)]).toEqual([id, id]);
    // Tokens known to be good have their end, too.
    vi.setSystemTime(Date.now() + 30 * 86_400_000);
    expect([await own.verify(first), await own.verify(second)]).toEqual([undefined, undefined]);
  });

  it("is rejected if any part of it is changed", async () => {
    const token = await tokens.sign(conversationId);
    const parts = token.split(".");
    for (const [index, part] of parts.entries()) {
      const changed = (part.startsWith("A") ? "B" : "A") + part.slice(1);
      expect(await tokens.verify(parts.with(index, changed).join("."))).toBeUndefined();
    }
    const [header, , signature] = parts;
    const other = base64url({ ...payload, sub: randomUUID() });
    expect(await tokens.verify([header, other, signature].join("."))).toBeUndefined();
  });
});
