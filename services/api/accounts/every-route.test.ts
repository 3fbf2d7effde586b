import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { addKey } from "../../../shared/db/desk/operator-keys.ts";
import { hashOfKey, makeOperatorKey } from "../../../shared/operator-key.ts";
import type { OperatorRole } from "../../../shared/protocol/operator.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { createTokens } from "../access/tokens.ts";
import { describeApi } from "../openapi/describe-api.ts";
import { type Desk, newAddress, openDesk, signUp } from "./desk-fixture.testsuite.ts";

interface Operation {
  security: Record<string, unknown>[];
  "x-role"?: OperatorRole;
}

/**
 * Every operation of operators, from the description of the API. Another test holds the description against the
 * application's router.
 */
const operations = Object.entries(describeApi({ MAX_MESSAGE_CHARS: 4000 }).paths ?? {})
  .filter(([path]) => path.startsWith("/api/operator/"))
  .flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path: path.replace("/api/operator", "").replaceAll(/\{\w+\}/g, randomUUID()),
      reads: method === "get",
      /** Answers without credentials: its body is its credential. */
      open: operation.security.length === 0,
      /** For the owner of a session alone, whatever their role. */
      own: operation.security.every((scheme) => "operatorSession" in scheme),
      role: operation["x-role"],
    })),
  );
const closed = operations.filter(({ open }) => !open);
const tokenSecret = "a secret for conversation tokens in tests";

let db: OpenTestDatabase;
let desk: Desk;
beforeAll(async () => {
  db = await openTestDatabase();
  desk = await openDesk(db, { TOKEN_SECRET: tokenSecret, ADMIN_READ_PASSWORD: "may look at them" });
  return async () => {
    await desk[Symbol.asyncDispose]();
    await db[Symbol.asyncDispose]();
  };
});

type Operations = typeof operations;

/** Sends each operation, and returns the status and kind of each answer by name. */
async function visit(list: Operations, credentials: { cookie?: string; authorization?: string }) {
  const { cookie, authorization } = credentials;
  const answers: [string, string][] = [];
  // One by one: a busy machine answers forty requests at once with 503.
  for (const { name, method, path, reads } of list) {
    // An address for each: wrong keys are counted by it.
    const headers = { authorization, "x-forwarded-for": newAddress() };
    const { status, body } = await desk.ask(path, {
      method,
      headers,
      ...(cookie !== undefined && { cookie }),
      ...(!reads && { body: {} }),
    });
    answers.push([name, `${status} ${body.type ?? ""}`.trim()]);
  }
  return Object.fromEntries(answers);
}

const all = (list: Operations, answer: unknown) => Object.fromEntries(list.map(({ name }) => [name, answer]));

async function makeKey(name: string, change?: string): Promise<string> {
  const key = makeOperatorKey();
  const keyHash = hashOfKey(key) ?? Buffer.alloc(0);
  const { id } = await addKey(db.pool, { siteId: defaultSite, name, role: "admin", keyHash, days: 1 });
  if (change !== undefined) await db.pool.query(`${change} where id = $1`, [id]);
  return `Bearer ${key}`;
}

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;

it("finds the operations", () => {
  expect(closed.length).toBeGreaterThan(30);
  expect(operations.filter(({ open }) => open).map(({ name }) => name)).toEqual([
    "POST /api/operator/sign-in",
    "POST /api/operator/sign-in/factor",
    "POST /api/operator/sign-out",
    "POST /api/operator/links",
  ]);
});

describe("every route of operators", { timeout: 60_000 }, () => {
  const wrong: [string, () => Promise<{ cookie?: string; authorization?: string }>][] = [
    ["no credentials", async () => ({})],
    [
      "a visitor's token",
      async () => ({ authorization: `Bearer ${await createTokens([tokenSecret]).sign(randomUUID())}` }),
    ],
    ["a key that was never made", async () => ({ authorization: `Bearer ${makeOperatorKey()}` })],
    [
      "a revoked key",
      async () => ({ authorization: await makeKey("Rev", "update operator_keys set revoked_at = now()") }),
    ],
    ["an ended key", async () => ({ authorization: await makeKey("End", "update operator_keys set ends_at = now()") })],
    ["a wrong password", async () => ({ authorization: basic("admin:a wrong password") })],
    ["another scheme", async () => ({ authorization: "Digest username=admin" })],
    ["a cookie without a signature", async () => ({ cookie: `parley_session=${"x".repeat(32)}` })],
    ["a cookie with another signature", async () => ({ cookie: `parley_session=${"x".repeat(32)}.${"y".repeat(43)}` })],
    [
      "an ended session",
      async () => {
        const { cookie } = await signUp(db, desk, { email: "late@example.com", role: "admin" });
        await db.pool.query("update operator_sessions set seen_at = now() - interval '12 h'");
        return { cookie };
      },
    ],
    [
      "a session that was signed out",
      async () => {
        const { cookie } = await signUp(db, desk, { email: "out@example.com", role: "admin" });
        await desk.ask("/sign-out", { method: "POST", cookie });
        return { cookie };
      },
    ],
    [
      "the session of an operator who has left",
      async () => {
        const { cookie } = await signUp(db, desk, { email: "left@example.com", role: "admin" });
        await db.pool.query("update operators set left_at = now() where email = 'left@example.com'");
        return { cookie };
      },
    ],
  ];

  it.each(wrong)("answers 401 to %s", async (_what, make) => {
    expect(await visit(closed, await make())).toEqual(all(closed, "401 /problems/admin-unauthorized"));
  });

  it("lets a reader change nothing but what is their own, by whatever credentials", async () => {
    const changes = closed.filter(({ reads, own }) => !reads && !own);
    expect(changes.length).toBeGreaterThan(15);
    const { cookie } = await signUp(db, desk, { email: "rea@example.com", role: "reader" });
    expect(await visit(changes, { cookie })).toEqual(all(changes, "403 /problems/read-only"));
    const authorization = basic("viewer:may look at them");
    expect(await visit(changes, { authorization })).toEqual(all(changes, "403 /problems/read-only"));
  });

  it("refuses an operator what is for admins, and nothing else", async () => {
    const { cookie } = await signUp(db, desk, { email: "ole@example.com" });
    // Ends the session that asks.
    const rest = closed.filter(({ own }) => !own);
    const refused = Object.entries(await visit(rest, { cookie })).filter(([, answer]) =>
      answer.includes("role-required"),
    );
    expect(refused.map(([name]) => name)).toEqual(rest.filter(({ role }) => role === "admin").map(({ name }) => name));
    expect(refused.length).toBeGreaterThan(0);
  });

  it("keeps what is a person's own from keys and configured passwords", async () => {
    const own = closed.filter((each) => each.own);
    expect(own.length).toBeGreaterThan(3);
    const expected = all(own, "403 /problems/session-required");
    expect(await visit(own, { authorization: await makeKey("Ada") })).toEqual(expected);
    expect(await visit(own, { authorization: basic("admin:may do all things") })).toEqual(expected);
  });
});
