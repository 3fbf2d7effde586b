import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { SMTPServer } from "smtp-server";
import { expect, it, onTestFinished } from "vitest";
import { checkMail } from "./check-mail.ts";
import type { Finding } from "./findings.ts";

/** A mail server without TLS that knows one password. @returns its host and port */
async function startServer(): Promise<string> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    closeTimeout: 100,
    onAuth: ({ password }, _session, done) =>
      password === "right" ? done(null, { user: "parley" }) : done(new Error("no such user")),
  });
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  onTestFinished(() => new Promise<void>((closed) => server.close(() => closed())));
  return `127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

/** Expects one fault, with a fix of these words. */
function expectFault(findings: readonly Finding[], fix: string): void {
  expect(findings.map(({ state }) => state)).toEqual(["fault"]);
  expect(findings[0]?.fix).toContain(fix);
}

/** A server that takes connections, and says nothing. */
async function startSilent(): Promise<string> {
  const server = createServer((socket) => socket.on("error", () => undefined)).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("says that a mail server takes mails, with the password and without one", async () => {
  const host = await startServer();
  const [signedIn] = await checkMail(`smtp://parley:right@${host}?requireTLS=false`);
  expect(signedIn?.state).toBe("ok");
  expect(signedIn?.text).toMatch(new RegExp(`^${host} takes mails by smtp:// in \\d+ ms$`));
  expect((await checkMail(`smtp://${host}`))[0]?.text).toContain("without signing in");
});

it("says why a mail server takes none, and what to check", async () => {
  const host = await startServer();
  expectFault(await checkMail(`smtp://parley:wrong@${host}?requireTLS=false`), "user and password");
  expectFault(await checkMail(`smtp://parley:right@${host}`), "requireTLS=false");
  expectFault(await checkMail(`smtps://parley:right@${host}`), "TLS from the start");
  expectFault(await checkMail("smtp://127.0.0.1:1"), "host, port");
});

it("waits no longer than its limit for a server that says nothing", async () => {
  expectFault(await checkMail(`smtp://${await startSilent()}`, 200), "firewall");
});
