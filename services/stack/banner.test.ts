import { expect, it } from "vitest";
import { banner } from "./banner.ts";

const facts = {
  url: "http://localhost:3000",
  signInLink: "http://localhost:3000/console?part=sign-in#link=abc",
  operator: { url: "http://localhost:3000", user: "admin", password: "secret" },
  data: ".data/postgres",
  origins: "pages of localhost",
  queue: "on PostgreSQL",
  metrics: ["http://localhost:3000/metrics", "http://localhost:3001/metrics"],
  seconds: 1.26,
};

it("prints addresses and a curl line to paste, without colours if not on a terminal", () => {
  expect(banner(facts)).toBe(`
  Parley is ready (1.3 s)

  Page        http://localhost:3000
  Console     http://localhost:3000/console  user admin, password secret
  Reports     http://localhost:3000/admin  with the same
  Sign in     http://localhost:3000/console?part=sign-in#link=abc  once, within an hour
  Chat on     pages of localhost
  Data        .data/postgres
  Queue       on PostgreSQL
  Metrics     http://localhost:3000/metrics  http://localhost:3001/metrics

  Send a message:
  curl -sS http://localhost:3000/api/chat -H 'Content-Type: application/json' -H 'Prefer: wait=20' -d '{"message":"Hello"}'

  Press Ctrl-C to stop.

`);
});

it("omits operators where their pages are not served", () => {
  expect(banner({ ...facts, operator: undefined, signInLink: undefined })).not.toMatch(
    /Console|Reports|password|Sign in/,
  );
});

it("omits metrics where they are not served", () => {
  expect(banner({ ...facts, metrics: [] })).not.toContain("Metrics");
});
