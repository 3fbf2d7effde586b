#!/usr/bin/env bash
# nodemailer 10.6.1, with smtp-server 3.21.6 as the peer.
# Expected: verify() of a transport that was given a user and a password says whether the server takes them.
# Observed: a server that offers no AUTH gets neither, and verify() is true all the same, as if the sign-in had been checked. Only with
#   `forceAuth` it fails. And a connection that nobody accepts is reported as ESOCKET, with the system's code in `cause` or message alone.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund nodemailer@10.6.1 smtp-server@3.21.6
cat >verify.mjs <<'JS'
import { createServer } from "node:net";
import nodemailer from "nodemailer";
import { SMTPServer } from "smtp-server";

let signIns = 0;
const server = new SMTPServer({
  disabledCommands: ["AUTH", "STARTTLS"],
  authOptional: true,
  logger: false,
  onAuth: (_auth, _session, done) => (signIns++, done(null, { user: 1 })),
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.server.address();
const auth = { user: "shop", pass: "a password" };
const verify = async (options) =>
  nodemailer.createTransport({ host: "127.0.0.1", auth, ...options }).verify().then(
    () => "true",
    ({ code }) => `fails with ${code}`,
  );
const usual = await verify({ port });
const forced = await verify({ port, forceAuth: true });
await new Promise((closed) => server.close(closed));
const free = createServer().listen(0, "127.0.0.1");
await new Promise((listening) => free.once("listening", listening));
const { port: closedPort } = free.address();
await new Promise((closed) => free.close(closed));
const refused = await verify({ port: closedPort });
console.log(`no AUTH offered: ${usual}, sign-ins at the server: ${signIns}`);
console.log(`the same with forceAuth: ${forced}`);
console.log(`nobody listens: ${refused}`);
process.exit(usual === "true" && signIns === 0 && forced !== "true" && refused === "fails with ESOCKET" ? 0 : 1);
JS
node verify.mjs
