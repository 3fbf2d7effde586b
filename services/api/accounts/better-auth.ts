import { createHmac } from "node:crypto";
import { isAPIError } from "better-auth/api";
import { betterAuth } from "better-auth/minimal";
import { twoFactor } from "better-auth/plugins/two-factor";
import { hashPassword } from "better-auth/crypto";
import { kyselyAdapter } from "@better-auth/kysely-adapter";
import { Kysely, PostgresDialect } from "kysely";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { pendingFactorMs, sessionMaxMs } from "../../../shared/tunables.ts";
import { passwordLength } from "../../../shared/protocol/people/password-length.ts";
import { hashSessionTokens } from "./hashed-sessions.ts";

export type BetterAuth = ReturnType<typeof openBetterAuth>;

const times = { createdAt: "created_at", updatedAt: "updated_at" };

/**
 * Opens better-auth on our tables. It verifies passwords and begins sessions; it serves no route of its own, its
 * cookies never reach a browser, and its limits are not used: `Accounts` does all three. Import this file when it is
 * needed, because the library takes 20 MB and half a second to load.
 */
export function openBetterAuth({ pool, secret, addressHeader }: { pool: Pool; secret: string; addressHeader: string }) {
  const plain = kyselyAdapter(new Kysely({ dialect: new PostgresDialect({ pool }) }), { type: "postgres" });
  const auth = betterAuth({
    appName: "Parley",
    baseURL: "http://localhost",
    secret,
    database: hashSessionTokens(plain),
    logger: { disabled: true },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLength.min,
      maxPasswordLength: passwordLength.max,
    },
    user: {
      modelName: "operators",
      fields: { emailVerified: "email_verified", image: "avatar_url", ...times },
    },
    // `sessions.ts` ends sessions, by the database's clock and by the time of their last use.
    session: {
      modelName: "operator_sessions",
      fields: {
        userId: "operator_id",
        expiresAt: "expires_at",
        ipAddress: "ip_address",
        userAgent: "user_agent",
        ...times,
      },
      expiresIn: sessionMaxMs / 1000,
      disableSessionRefresh: true,
    },
    account: {
      modelName: "operator_credentials",
      fields: { userId: "operator_id", accountId: "account_id", providerId: "provider_id", ...times },
    },
    verification: {
      modelName: "operator_verifications",
      fields: { expiresAt: "expires_at", ...times },
      storeIdentifier: "hashed",
    },
    plugins: [secondFactor()],
    advanced: {
      // Tables hold no columns for accounts of other services.
      database: { generateId: () => v7(), validateSchema: false },
      ipAddress: { ipAddressHeaders: [addressHeader] },
    },
  });
  return { api: auth.api, hashPassword, unlessRefused, withSession: withSession(secret), withPending, cookieIn };
}

function secondFactor() {
  return twoFactor({
    issuer: "Parley",
    twoFactorCookieMaxAge: pendingFactorMs / 1000,
    schema: {
      user: { fields: { twoFactorEnabled: "two_factor_enabled" } },
      twoFactor: {
        modelName: "operator_two_factors",
        fields: {
          userId: "operator_id",
          backupCodes: "backup_codes",
          failedVerificationCount: "failed_verification_count",
          lockedUntil: "locked_until",
        },
      },
    },
  });
}

/**
 * @returns the call's result; `undefined` if the library refuses what it was given
 * @throws its other errors, and those of the database as they are
 */
async function unlessRefused<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!isAPIError(error)) throw error;
    if (error.statusCode < 500) return undefined;
    throw error.cause instanceof Error ? error.cause : error;
  }
}

/** Adds the library's own cookie of a sign-in that waits for its second factor, as `cookieIn` returned it. */
function withPending(headers: Headers, pending: string): Headers {
  const all = new Headers(headers);
  all.set("cookie", `better-auth.two_factor=${encodeURIComponent(pending)}`);
  return all;
}

/** Reads a cookie that the library would set, with its signature. */
function cookieIn(headers: Headers, name: "session_token" | "two_factor"): string | undefined {
  const start = `better-auth.${name}=`;
  const cookie = headers.getSetCookie().find((each) => each.startsWith(start) && !/;\s*max-age=0\b/i.test(each));
  return cookie && decodeURIComponent(cookie.slice(start.length).split(";")[0] ?? "");
}

/** Adds the library's own session cookie to the headers of a call: a signed token, in its notation. */
function withSession(secret: string): (headers: Headers, token: string) => Headers {
  return (headers, token) => {
    const signature = createHmac("sha256", secret).update(token).digest("base64");
    const all = new Headers(headers);
    all.set("cookie", `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`);
    return all;
  };
}
