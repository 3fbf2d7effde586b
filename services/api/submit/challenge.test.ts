import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { Problem } from "../../../shared/errors.ts";
import { quietLog, recordingLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { createChallenge } from "./challenge.ts";

const secret = "the secret for the verifier";
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A verifier that answers as scripted and records its requests. */
async function startVerifier(answer: object | ((res: ServerResponse) => void)) {
  const asked: Record<string, string>[] = [];
  const verify = async (req: IncomingMessage, res: ServerResponse) => {
    asked.push(Object.fromEntries(new URLSearchParams(await text(req))));
    expect(req.headers["content-type"]).toMatch(/^application\/x-www-form-urlencoded/);
    if (typeof answer === "function") answer(res);
    else res.setHeader("Content-Type", "application/json").end(JSON.stringify(answer));
  };
  const server = createServer((req, res) => void verify(req, res)).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/siteverify`, asked };
}

function challengeAt(url: string, log = quietLog()) {
  const challenge = createChallenge({ CHALLENGE_URL: url, CHALLENGE_SECRET: secret }, log);
  if (challenge === undefined) throw new Error("there is no challenge");
  return challenge;
}

async function refusalOf(check: Promise<void>): Promise<Problem> {
  const error: unknown = await check.catch((thrown: unknown) => thrown);
  if (!(error instanceof Problem)) throw new Error("it was taken");
  return error;
}

describe("bot challenge", () => {
  it("is not required when not configured", () => {
    expect(createChallenge({ CHALLENGE_URL: undefined, CHALLENGE_SECRET: undefined }, quietLog())).toBeUndefined();
  });

  it("passes if the verifier accepts secret, response and address", async () => {
    const { url, asked } = await startVerifier({ success: true, hostname: "shop.example", challenge_ts: "…" });
    await challengeAt(url).check("the answer", "192.0.2.1");
    expect(asked).toEqual([{ secret, response: "the answer", remoteip: "192.0.2.1" }]);
  });

  it("fails if the verifier rejects", async () => {
    const { url } = await startVerifier({ success: false, "error-codes": ["timeout-or-duplicate"] });
    const { code, status } = await refusalOf(challengeAt(url).check("used", "192.0.2.1"));
    expect([code, status]).toEqual(["challenge-failed", 403]);
  });

  it.each([undefined, "", "x".repeat(5000)])("is not passed without an answer that may be one (%#)", async (answer) => {
    const { url, asked } = await startVerifier({ success: true });
    expect((await refusalOf(challengeAt(url).check(answer, "192.0.2.1"))).code).toBe("challenge-failed");
    expect(asked).toEqual([]);
  });

  it.each<[string, object | ((res: ServerResponse) => void)]>([
    ["fails", (res) => void res.writeHead(500).end("{}")],
    ["refuses us", (res) => void res.writeHead(403).end('{"success":true}')],
    ["says something else", { ok: true }],
    ["says yes in other words", { success: "true" }],
    ["speaks no JSON", (res) => void res.end("<html>")],
    ["sends us elsewhere", (res) => void res.writeHead(307, { location: "http://127.0.0.1:1/" }).end()],
    ["breaks off", (res) => void res.destroy()],
  ])("is not passed while the verifier %s; the visitor is told to come back", async (_, answer) => {
    const { url } = await startVerifier(answer);
    const { log, lines } = recordingLog();
    const { code, status, retryAfterSeconds } = await refusalOf(challengeAt(url, log).check("answer", "192.0.2.1"));
    expect([code, status, retryAfterSeconds]).toEqual(["unavailable", 503, 5]);
    expect(lines).toMatchObject([{ level: 40 }]);
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${secret}|answer"`));
  });

  it("fails in bounded time while the verifier hangs", async () => {
    const { url } = await startVerifier(() => undefined);
    const began = performance.now();
    const challenge = challengeAt(url);
    const checks = Array.from({ length: 150 }, () => refusalOf(challenge.check("answer", "192.0.2.1")));
    const last = await checks[149];
    // A flood does not pile up behind it.
    expect(performance.now() - began).toBeLessThan(1500);
    expect(last?.code).toBe("unavailable");
    for (const refusal of await Promise.all(checks)) expect(refusal.code).toBe("unavailable");
    expect(performance.now() - began).toBeGreaterThan(2500);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it("logs an error if our own secret is rejected, and does not blame the visitor", async () => {
    const { url } = await startVerifier({ success: false, "error-codes": ["invalid-input-secret"] });
    const { log, lines } = recordingLog();
    expect((await refusalOf(challengeAt(url, log).check("answer", "192.0.2.1"))).code).toBe("unavailable");
    expect(lines).toMatchObject([{ level: 50, msg: expect.stringContaining("CHALLENGE_SECRET") as string }]);
  });
});
