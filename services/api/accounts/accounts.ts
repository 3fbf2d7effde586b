import { createHmac } from "node:crypto";
import type { Request, Response } from "express";
import type { Pool } from "pg";
import {
  addSession,
  endOtherSessions,
  endSession,
  readSession,
  type SessionPlace,
} from "../../../shared/db/accounts/operator-sessions.ts";
import { type OpenLinkRow, readOpenLink } from "../../../shared/db/accounts/operator-links.ts";
import { storeUseOfLink } from "../../../shared/db/accounts/use-link.ts";
import { makeSessionToken } from "../../../shared/accounts/session-token.ts";
import { hashOfLinkToken } from "../../../shared/accounts/one-time-link.ts";
import { addBuiltIn } from "../../../shared/db/desk/operators.ts";
import { Problem } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { ConfiguredAccount, Operators } from "../access/operators.ts";
import type { EventStreams } from "../follow/sse.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import type { LoginThrottle } from "../limits/login-throttle.ts";
import { clientOf } from "../middleware/client.ts";
import { idsOf } from "../middleware/request-id.ts";
import type { BetterAuth } from "./better-auth.ts";
import { SecondFactors } from "./second-factors.ts";
import { clearCookie, requirePlace, sessionTokenOf, setFactorCookie, setSessionCookie } from "./session-cookie.ts";
import { Sessions } from "./sessions.ts";

interface AccountsOptions {
  pool: Pool;
  siteId: string;
  /** Signs cookies, and encrypts second factors. */
  secret: string;
  operators: Operators;
  /** Failures of each address. */
  loginThrottle: LoginThrottle;
  /** Failures of each account. */
  accountThrottle: LoginThrottle;
  streams: Pick<EventStreams, "sendBack">;
  /** Codes that were used, for as long as they are valid. */
  usedCodes: RateLimit;
  log: Logger;
}

/** Header by which the library learns a client's address. Each call gets headers of its own: no client can send it. */
const addressHeader = "x-parley-client";

type SignedIn = { operatorId: string };

/** Signs operators in and out. Passwords are better-auth's part. */
export class Accounts {
  readonly sessions: Sessions;
  readonly factors: SecondFactors;
  readonly #options: AccountsOptions;
  #auth: Promise<BetterAuth> | undefined;

  constructor(options: AccountsOptions) {
    this.#options = options;
    const { operators } = options;
    const isConfigured = (credential: string) =>
      operators.accounts.some((account) => this.#fingerprint(account) === credential);
    this.sessions = new Sessions({ ...options, isConfigured });
    this.factors = new SecondFactors({
      ...options,
      load: () => this.#load(),
      headersOf,
      begin: (req, res, token) => this.#begin(req, res, token),
    });
  }

  /**
   * Signs in by a password: of an account, or of one of the configuration.
   * @returns `undefined` if a second factor is wanted; see `factors`
   * @throws {Problem} `sign-in-failed`, whatever was wrong; 429 after too many failures
   */
  async signIn(
    req: Request,
    res: Response,
    { email, password }: { email: string; password: string },
  ): Promise<SignedIn | undefined> {
    requirePlace(req);
    const isAddress = email.includes("@");
    const configured = this.#options.operators.accounts.some(({ user }) => user === email);
    const signedIn =
      configured || !isAddress
        ? await this.#byConfiguration(req, { user: email, password })
        : await this.#byPassword(req, { email: email.toLowerCase(), password });
    if (!signedIn) throw new Problem("sign-in-failed", "The address or the password is wrong.");
    if (signedIn.token === undefined) {
      await this.#endPresent(req);
      setFactorCookie(req, res, signedIn.pending);
      return undefined;
    }
    await this.#begin(req, res, signedIn.token);
    return signedIn;
  }

  /** Reads what a link is for, without using it. */
  async look(req: Request, link: string): Promise<OpenLinkRow> {
    const tokenHash = hashOfLinkToken(link);
    const row = await this.#options.loginThrottle.attempt("link", clientOf(req).network, async () =>
      tokenHash === undefined ? undefined : readOpenLink(this.#options.pool, this.#options.siteId, tokenHash),
    );
    if (!row) throw ended();
    return row;
  }

  /**
   * Uses a link: signs in, with a new password if the link is for one.
   * @throws {Problem} if the link cannot be used (any more)
   */
  async useLink(
    req: Request,
    res: Response,
    { link, newPassword }: { link: string; newPassword: string | undefined },
  ): Promise<SignedIn> {
    requirePlace(req);
    const { purpose } = await this.look(req, link);
    if ((purpose === "sign-in") !== (newPassword === undefined)) throw passwordFault(purpose);
    const tokenHash = hashOfLinkToken(link);
    if (!tokenHash) throw ended();
    const password = newPassword === undefined ? null : await (await this.#load()).hashPassword(newPassword);
    const { pool, siteId } = this.#options;
    const token = makeSessionToken();
    const used = await storeUseOfLink(pool, { siteId, tokenHash, password, token, ...placeOf(req) });
    if (used === "ended") throw ended();
    if (used === "name-taken") {
      throw new Problem("account-exists", "Somebody has this name by now. Ask for an invitation with another one.");
    }
    await this.#begin(req, res, token);
    return used;
  }

  /** Ends the session of this request, if it has one. */
  async signOut(req: Request, res: Response): Promise<void> {
    await this.#endPresent(req);
    clearCookie(req, res, "session");
  }

  /**
   * Changes the password of the session's operator, and ends their other sessions.
   * @throws {Problem} if the present password is wrong
   */
  async changePassword(
    session: { id: string; operatorId: string; token: string },
    req: Request,
    { password, newPassword }: { password: string; newPassword: string },
  ): Promise<void> {
    const { accountThrottle } = this.#options;
    const { api, unlessRefused, withSession } = await this.#load();
    const changed = await accountThrottle.attempt("account", session.operatorId, () =>
      unlessRefused(
        api.changePassword({
          body: { currentPassword: password, newPassword },
          headers: withSession(headersOf(req), session.token),
        }),
      ),
    );
    if (!changed) throw new Problem("sign-in-failed", "The present password is wrong.");
    await endOtherSessions(this.#options.pool, session.operatorId, session.id);
  }

  async #byConfiguration(
    req: Request,
    { user, password }: { user: string; password: string },
  ): Promise<(SignedIn & { token: string }) | undefined> {
    const { operators, pool, siteId } = this.#options;
    const account = await operators.authenticateAs(req, user, password);
    if (!account) return undefined;
    const operatorId = await addBuiltIn(pool, siteId, account.role);
    const token = makeSessionToken();
    await addSession(pool, { operatorId, token, credential: this.#fingerprint(account), ...placeOf(req) });
    return { operatorId, token };
  }

  async #byPassword(
    req: Request,
    body: { email: string; password: string },
  ): Promise<(SignedIn & { token: string }) | { token?: undefined; pending: string } | undefined> {
    const { loginThrottle, accountThrottle, pool, siteId, log } = this.#options;
    const { api, unlessRefused, cookieIn } = await this.#load();
    const found = await loginThrottle.attempt("password", clientOf(req).network, () =>
      accountThrottle.attempt("account", body.email, () =>
        unlessRefused(api.signInEmail({ body, headers: headersOf(req), returnHeaders: true })),
      ),
    );
    if (!found) log.warn(idsOf(req), "an operator's credentials were wrong");
    if (!found) return undefined;
    const pending = cookieIn(found.headers, "two_factor");
    if (pending !== undefined) return { pending };
    const { token } = found.response;
    // The library knows neither sites nor operators who have left.
    const session = await readSession(pool, siteId, token);
    return session?.state === "valid" ? { operatorId: session.operatorId, token } : undefined;
  }

  /** Begins a session in this browser. One that it had ends: a cookie that was planted there opens nothing. */
  async #begin(req: Request, res: Response, token: string): Promise<void> {
    await this.#endPresent(req);
    setSessionCookie(req, res, { token, secret: this.#options.secret });
  }

  async #endPresent(req: Request): Promise<void> {
    const present = sessionTokenOf(req, this.#options.secret);
    const session = present === undefined ? undefined : await this.sessions.find(req);
    if (!session) return;
    await endSession(this.#options.pool, session.operatorId, session.id);
    this.sessions.forget(session.token);
  }

  #fingerprint({ digest }: ConfiguredAccount): string {
    return createHmac("sha256", this.#options.secret).update("password:").update(digest).digest("base64url");
  }

  #load(): Promise<BetterAuth> {
    const { pool, secret } = this.#options;
    this.#auth ??= import("./better-auth.ts").then(({ openBetterAuth }) =>
      openBetterAuth({ pool, secret, addressHeader }),
    );
    return this.#auth;
  }
}

function placeOf(req: Request): SessionPlace {
  return { address: clientOf(req).address, userAgent: (req.get("User-Agent") ?? "").slice(0, 300) };
}

/** Headers of a request, as far as the library may see them. */
function headersOf(req: Request): Headers {
  const { address, userAgent } = placeOf(req);
  return new Headers({ "user-agent": userAgent, [addressHeader]: address });
}

function ended(): Problem {
  return new Problem("link-ended", "This link was used, has ended, or was never made. Ask for a new one.");
}

function passwordFault(purpose: OpenLinkRow["purpose"]): Problem {
  const message = purpose === "sign-in" ? "is not taken with this link" : "is required with this link";
  return new Problem("invalid-request", `newPassword: ${message}`, { errors: [{ path: "newPassword", message }] });
}
