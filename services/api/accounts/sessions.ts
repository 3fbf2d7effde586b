import type { Request, Response } from "express";
import type { Pool } from "pg";
import { readSession, type SessionRow, touchSession } from "../../../shared/db/accounts/operator-sessions.ts";
import { Problem } from "../../../shared/errors.ts";
import { LiveCredentials } from "../access/live-credentials.ts";
import type { PageOperator } from "../access/operators.ts";
import { requireOwnPage } from "../access/origins.ts";
import type { EventStreams } from "../follow/sse.ts";
import { sessionTokenOf } from "./session-cookie.ts";

interface SessionsOptions {
  pool: Pool;
  siteId: string;
  /** Signs cookies. */
  secret: string;
  /** True if a configured account still has the password of this fingerprint. */
  isConfigured: (credential: string) => boolean;
  streams: Pick<EventStreams, "sendBack">;
}

/** A session as the cookie of a request names it. */
export interface FoundSession extends SessionRow {
  token: string;
}

/** Finds the sessions of operators' browsers. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #live: LiveCredentials<SessionRow>;

  constructor(options: SessionsOptions) {
    const { pool, siteId, isConfigured, streams } = options;
    this.#options = options;
    const read = async (token: string): Promise<SessionRow | undefined> => {
      const row = await readSession(pool, siteId, token);
      if (row === undefined || row.credential === null || isConfigured(row.credential)) return row;
      return { ...row, state: "ended" };
    };
    this.#live = new LiveCredentials({ read, streams });
  }

  /** @returns `undefined` if the request has no cookie of ours, or its session is over */
  async find(req: Request): Promise<FoundSession | undefined> {
    const token = sessionTokenOf(req, this.#options.secret);
    if (token === undefined) return undefined;
    const row = (await this.#live.findKnown(token)) ?? (await this.#live.read(token));
    return row?.state === "valid" ? { ...row, token } : undefined;
  }

  /** Notes that a person uses a session. Streams do not count: those of a forgotten page are opened again for days. */
  async touch({ id, token, stale }: FoundSession): Promise<void> {
    if (!stale) return;
    await touchSession(this.#options.pool, id);
    this.#live.forget(token);
  }

  /** Ends an event stream soon after its session. */
  watch({ token }: FoundSession, res: Response): void {
    this.#live.watch(token, res);
  }

  /** Has this process see at once that a session ended; others see it within a second. */
  forget(token: string): void {
    this.#live.forget(token);
  }
}

/** Finds who looks at a page by a session. Changes must come from our own pages. */
export function findPageOperator(sessions: Sessions): (req: Request) => Promise<PageOperator | undefined> {
  return async (req) => {
    const session = await sessions.find(req);
    if (!session) return undefined;
    if (req.method !== "GET" && req.method !== "HEAD") requireOwnPage(req);
    await sessions.touch(session);
    return { user: session.name, role: session.role === "admin" ? "full" : "read" };
  };
}

/**
 * Requires of a change that comes with a cookie that the console made it.
 * @throws {Problem} for other pages, and for bodies that a form of another page could send
 */
export function requireConsole(req: Request): void {
  requireOwnPage(req);
  if (/^application\/json\s*(;|$)/i.test(req.get("Content-Type") ?? "")) return;
  // A file is sent as it is. A form could send plain text, but no other page passes the check above.
  if (req.path === "/sources" && req.query["kind"] === "file") return;
  throw new Problem("unsupported-media-type", "Send changes as application/json, also those without a body.");
}
