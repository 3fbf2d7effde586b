#!/usr/bin/env bash
# better-auth 1.7.25 (plugin two-factor, memory adapter).
# Expected: the token that verifyTOTP returns is that of the session which goes on.
# Observed: where a signed-in user verifies the first code, which turns the second factor on, the session is replaced. The answer's `token` and `session`
#   are those of the old session, whose row is deleted by then; the new token stands only in the Set-Cookie header.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund better-auth@1.7.25 otpauth@9.4.1
cat >verify.mjs <<'JS'
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { twoFactor } from "better-auth/plugins";
import { URI } from "otpauth";
const tables = { user: [], session: [], account: [], verification: [], twoFactor: [] };
const auth = betterAuth({
  baseURL: "http://localhost",
  secret: "a-secret-of-more-than-thirty-two-characters",
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  plugins: [twoFactor()],
  telemetry: { enabled: false },
});
const cookieOf = (headers) =>
  headers.getSetCookie().filter((each) => !/max-age=0/i.test(each)).map((each) => each.split(";")[0]).join("; ");
const tokenOf = (cookie) => decodeURIComponent(/session_token=([^;]+)/.exec(cookie)?.[1] ?? "").split(".")[0];
const password = "a long enough password";
const signedUp = await auth.api.signUpEmail({ body: { email: "mia@example.com", password, name: "Mia" }, returnHeaders: true });
let headers = new Headers({ cookie: cookieOf(signedUp.headers) });
const { totpURI } = await auth.api.enableTwoFactor({ body: { password }, headers });
const verified = await auth.api.verifyTOTP({ body: { code: URI.parse(totpURI).generate() }, headers, returnHeaders: true });
const returned = verified.response.token;
const inCookie = tokenOf(cookieOf(verified.headers));
const stored = tables.session.map(({ token }) => token);
const name = (token) => (token === signedUp.response.token ? "the session before" : "another session");
console.log(`returned: ${name(returned)}, ${stored.includes(returned) ? "stored" : "deleted"}`);
console.log(`in Set-Cookie: ${name(inCookie)}, ${stored.includes(inCookie) ? "stored" : "deleted"}`);
process.exit(returned !== inCookie && !stored.includes(returned) && stored.includes(inCookie) ? 0 : 1);
JS
node verify.mjs
