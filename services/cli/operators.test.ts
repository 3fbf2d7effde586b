import { beforeAll, describe, expect, it, vi } from "vitest";
import { hashOfLinkToken } from "../../shared/accounts/one-time-link.ts";
import { readOpenLink } from "../../shared/db/accounts/operator-links.ts";
import { storeProcessReport } from "../../shared/db/operators/process-reports.ts";
import { storeUseOfLink } from "../../shared/db/accounts/use-link.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../shared/testing/stores/database.ts";
import { runHere } from "./command-for-tests.ts";
import { runOperators } from "./operators.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  vi.stubEnv("DATABASE_URL", db.url);
  return async () => {
    vi.unstubAllEnvs();
    await db[Symbol.asyncDispose]();
  };
});

const run = (...args: string[]) => runHere(runOperators, args);

/** Hash of the token in a printed link. */
const hashIn = (printed: string) => hashOfLinkToken(printed.trim().replace(/^.*#link=/, "")) ?? Buffer.alloc(0);

const use = (tokenHash: Buffer) =>
  storeUseOfLink(db.pool, {
    siteId: defaultSite,
    tokenHash,
    password: "a hash",
    token: crypto.randomUUID(),
    address: "192.0.2.1",
    userAgent: "",
  });

describe("accounts of operators", { timeout: 60_000 }, () => {
  it("are made by a link that is printed once, listed, and opened again by another link", async () => {
    expect((await run("list")).stderr).toBe("There are no operators.\n");
    const invited = await run("invite", "Mia@Example.com", "--name", "Mia Lang", "--role", "admin");
    expect(invited.code).toBe(0);
    expect(invited.stdout).toMatch(/^http:\/\/localhost:3000\/console\?part=sign-in#link=[\w-]{43}\n$/);
    expect(invited.stderr).toContain("becomes Mia Lang, with the role admin");
    expect((await run("list")).stdout).toBe("");
    expect(await use(hashIn(invited.stdout))).toHaveProperty("operatorId");
    expect((await run("list")).stdout).toBe("admin     Mia Lang  mia@example.com\n");
    expect(await run("invite", "mia@example.com")).toMatchObject({ code: 1, stdout: "" });
    expect((await run("invite", "other@example.com", "--name", "Mia Lang")).stderr).toContain("has this name");

    await db.pool.query("update operators set two_factor_enabled = true");
    expect((await run("list")).stdout).toContain("second factor");
    const reset = await run("reset", "mia@example.com");
    expect(await readOpenLink(db.pool, defaultSite, hashIn(reset.stdout))).toMatchObject({ purpose: "reset" });
    const sessions = async () => (await db.pool.query<{ token: string }>("select token from operator_sessions")).rows;
    const before = await sessions();
    expect(await use(hashIn(reset.stdout))).toHaveProperty("operatorId");
    expect(await sessions()).toHaveLength(1);
    expect(await sessions()).not.toEqual(before);
    expect((await run("list")).stdout).not.toContain("second factor");
    expect((await run("reset", "nobody@example.com")).stderr).toBe("No account has this address.\n");
  });

  it("end when their operators leave, by address or by name", async () => {
    const { stdout } = await run("invite", "leaver@example.com", "--name", "A Leaver");
    await use(hashIn(stdout));
    expect((await run("remove", "Leaver@example.com")).stdout).toBe("A Leaver has left.\n");
    expect((await run("list")).stdout).not.toContain("Leaver");
    expect(await run("remove", "A Leaver")).toMatchObject({ code: 1 });
  });

  it("get another role, but for the last admin, who stays", async () => {
    await use(hashIn((await run("invite", "rolf@example.com", "--name", "Rolf", "--role", "admin")).stdout));
    expect((await run("role", "mia@example.com", "reader")).stdout).toBe("Mia Lang has the role reader.\n");
    expect((await run("list")).stdout).toContain("reader    Mia Lang");
    for (const refused of [await run("role", "Rolf", "operator"), await run("remove", "rolf@example.com")]) {
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toContain("Rolf is the last admin");
    }
    expect(await run("role", "nobody@example.com", "reader")).toMatchObject({ code: 1 });
  });

  it("are announced by mail where a worker sends it, and may be withdrawn before they are made", async () => {
    const report = { name: "worker", place: "a-host:1", version: 1, sendsMail: true };
    await storeProcessReport(db.pool, crypto.randomUUID(), report);
    expect((await run("invitations")).stderr).toBe("There are no open invitations.\n");
    const mailed = await run("invite", "zoe@example.com", "--role", "reader");
    expect(mailed).toMatchObject({ code: 0, stdout: "" });
    expect(mailed.stderr).toContain("A link goes to zoe@example.com by mail.");
    expect((await run("invitations")).stdout).toMatch(/^reader    zoe  zoe@example\.com  until .* UTC  mail due\n$/);
    expect((await run("withdraw", "Zoe@example.com")).stdout).toContain("is withdrawn");
    expect(await run("withdraw", "zoe@example.com")).toMatchObject({ code: 1 });
    expect((await run("invite", "zoe@example.com", "--print")).stdout).toContain("#link=");
    await run("withdraw", "zoe@example.com");
    await db.pool.query("delete from process_reports");
  });

  it("have links to the console's own host where it has one", async () => {
    vi.stubEnv("CONSOLE_URL", "https://desk.example.com/");
    expect((await run("invite", "ben@example.com")).stdout).toMatch(
      /^https:\/\/desk\.example\.com\/console\?part=sign-in#link=/,
    );
  });

  it.each([
    [["invite"], "email"],
    [["invite", "mia"], "email"],
    [["invite", "mia@example.com", "--role", "owner"], "role"],
    [["invite", "mia@example.com", "Mia"], "one address"],
    [["reset", "7"], "expected the address"],
    [["role", "mia@example.com"], "one of admin, operator, reader"],
    [["role", "mia@example.com", "owner"], "one of admin, operator, reader"],
    [["print"], 'There is no command "print".'],
  ])("with the arguments %j are refused with the reason and the usage", async (args, reason) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(reason);
    expect(stderr).toContain("npm run operators -- list");
  });
});
