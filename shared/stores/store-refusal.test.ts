import { describe, expect, it } from "vitest";
import { describeRefusal } from "./store-refusal.ts";

/** As ioredis throws it. */
function replied(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError" });
}

describe("store refusal", () => {
  it.each([
    ["OOM command not allowed when used memory > 'maxmemory'.", "full"],
    ["ERR Error running script (call to f_1): @user_script:1: OOM command not allowed", "full"],
    ["MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", "save"],
    ["READONLY You can't write against a read only replica.", "replica"],
    ["NOPERM User parley has no permissions to run the 'evalsha' command", "let its user"],
    ["ERR unknown command 'evalsha', with args beginning with: ", "let its user"],
    ["ERR DB index is out of range", "the database of REDIS_URL"],
    ["ERR max number of clients reached", "no connection left"],
  ])("is told from the words of Redis: %s", (said, expected) => {
    expect(describeRefusal(replied(said))?.text).toContain(expected);
    expect(describeRefusal(new Error("failed", { cause: replied(said) }))?.text).toContain(expected);
  });

  it("is not detected in a text that merely quotes it, nor in an outage", () => {
    expect(describeRefusal(new Error("OOM READONLY MISCONF"))).toBeUndefined();
    expect(describeRefusal(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBeUndefined();
    expect(describeRefusal("OOM")).toBeUndefined();
  });
});
