import type { Request, Response } from "express";
import type { Pool } from "pg";
import { endOtherSessions, endSession, readSession } from "../../../shared/db/accounts/operator-sessions.ts";
import { Problem } from "../../../shared/errors.ts";
import type { LoginThrottle } from "../limits/login-throttle.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import { clientOf } from "../middleware/client.ts";
import type { BetterAuth } from "./better-auth.ts";
import { clearCookie, pendingFactorOf } from "./session-cookie.ts";
import type { FoundSession } from "./sessions.ts";

interface FactorOptions {
  pool: Pool;
  siteId: string;
  loginThrottle: LoginThrottle;
  accountThrottle: LoginThrottle;
  usedCodes: RateLimit;
  load: () => Promise<BetterAuth>;
  headersOf: (req: Request) => Headers;
  /** Begins a session in this browser, in place of the one it had. */
  begin: (req: Request, res: Response, token: string) => Promise<void>;
}

/** One of the two ways to show a second factor. */
type FactorGiven = { code: string; backupCode?: undefined } | { code?: undefined; backupCode: string };

/**
 * Second factors: codes of an authenticator app (TOTP, RFC 6238), and backup codes. better-auth makes and verifies them,
 * and locks a factor for a quarter of an hour after ten failures in a row.
 */
export class SecondFactors {
  readonly #options: FactorOptions;

  constructor(options: FactorOptions) {
    this.#options = options;
  }

  /**
   * Completes a sign-in whose password was right.
   * @throws {Problem} `sign-in-failed` for a wrong code, or one that was used
   */
  async complete(req: Request, res: Response, given: FactorGiven): Promise<{ operatorId: string }> {
    const { pool, siteId, loginThrottle, load, begin } = this.#options;
    const pending = pendingFactorOf(req);
    if (pending === undefined) throw beginAgain();
    const auth = await load();
    const verified = await loginThrottle.attempt("second-factor", clientOf(req).network, () =>
      this.#verify(auth, given, auth.withPending(this.#options.headersOf(req), pending)),
    );
    const session = verified && (await readSession(pool, siteId, verified.token));
    if (!verified || session?.state !== "valid") throw wrongCode();
    if (given.code !== undefined && (await this.#wasUsed(session.operatorId, given.code))) {
      await endSession(pool, session.operatorId, session.id);
      throw wrongCode();
    }
    await begin(req, res, verified.token);
    clearCookie(req, res, "factor");
    return session;
  }

  /**
   * Begins to set a factor up: it counts once `confirm` has seen a code of it.
   * @returns an `otpauth:` URI for the app, and backup codes, which are shown this once
   */
  async setUp(req: Request, session: FoundSession, password: string): Promise<{ uri: string; backupCodes: string[] }> {
    const made = await this.#withPassword(req, session, ({ api }, headers) =>
      api.enableTwoFactor({ body: { password }, headers }),
    );
    if (made.method !== "totp") throw new Error("another factor was made than was asked for");
    return { uri: made.totpURI, backupCodes: made.backupCodes };
  }

  /** Completes setting up. The other sessions end: they began without the factor. */
  async confirm(
    req: Request,
    res: Response,
    { session, code }: { session: FoundSession; code: string },
  ): Promise<void> {
    const { pool, siteId, accountThrottle, load, headersOf, begin } = this.#options;
    const { api, unlessRefused, withSession, cookieIn } = await load();
    const headers = withSession(headersOf(req), session.token);
    const verified = await accountThrottle.attempt("account", session.operatorId, () =>
      unlessRefused(api.verifyTOTP({ body: { code }, headers, returnHeaders: true })),
    );
    if (!verified) throw wrongCode();
    const [token] = cookieIn(verified.headers, "session_token")?.split(".") ?? [];
    if (token === undefined) throw new Problem("factor-exists", "This account has a second factor already.");
    const now = await readSession(pool, siteId, token);
    if (now) await endOtherSessions(pool, now.operatorId, now.id);
    await begin(req, res, token);
  }

  /** Takes the factor away. */
  async remove(req: Request, res: Response, { session, password }: { session: FoundSession; password: string }) {
    const { cookieIn } = await this.#options.load();
    const removed = await this.#withPassword(req, session, ({ api }, headers) =>
      api.disableTwoFactor({ body: { password }, headers, returnHeaders: true }),
    );
    const [token] = cookieIn(removed.headers, "session_token")?.split(".") ?? [];
    if (token !== undefined) await this.#options.begin(req, res, token);
  }

  /** Makes new backup codes; the old ones end. */
  async renewBackupCodes(req: Request, session: FoundSession, password: string): Promise<string[]> {
    const made = await this.#withPassword(req, session, ({ api }, headers) =>
      api.generateBackupCodes({ body: { password }, headers }),
    );
    return made.backupCodes;
  }

  #verify(
    { api, unlessRefused }: BetterAuth,
    { code, backupCode }: FactorGiven,
    headers: Headers,
  ): Promise<{ token: string } | undefined> {
    return unlessRefused(
      code === undefined
        ? api.verifyBackupCode({ body: { code: backupCode }, headers })
        : api.verifyTOTP({ body: { code }, headers }),
    ) as Promise<{ token: string } | undefined>;
  }

  /** Runs what needs the present password. @throws {Problem} `sign-in-failed` */
  async #withPassword<T>(
    req: Request,
    session: FoundSession,
    call: (auth: BetterAuth, headers: Headers) => Promise<T>,
  ): Promise<T> {
    const { accountThrottle, load, headersOf } = this.#options;
    const auth = await load();
    const headers = auth.withSession(headersOf(req), session.token);
    const result = await accountThrottle.attempt("account", session.operatorId, () =>
      auth.unlessRefused(call(auth, headers)),
    );
    if (result === undefined) throw new Problem("sign-in-failed", "The present password is wrong.");
    return result;
  }

  /** Notes a code. @returns true if it was used before: whoever looks over a shoulder must not use it again */
  async #wasUsed(operatorId: string, code: string): Promise<boolean> {
    return (await this.#options.usedCodes.count(`${operatorId}:${code}`)).over;
  }
}

function wrongCode(): Problem {
  return new Problem("sign-in-failed", "The code is wrong, or was used.");
}

function beginAgain(): Problem {
  return new Problem("sign-in-failed", "This sign-in took too long. Begin again with your password.");
}
