import { describe, expect, it } from "vitest";
import { parseRedisUrl, RedisUrlError } from "./redis-url.ts";

describe("REDIS_URL", () => {
  it.each([
    ["redis://localhost", { kind: "server", tls: false, host: "localhost", port: 6379, db: 0 }],
    [
      "rediss://us%3Aer:p%40ss:word@redis.example:6380/3",
      {
        kind: "server",
        tls: true,
        username: "us:er",
        password: "p@ss:word",
        host: "redis.example",
        port: 6380,
        db: 3,
      },
    ],
    ["redis://:secret@[::1]?db=2", { kind: "server", tls: false, password: "secret", host: "::1", port: 6379, db: 2 }],
    [
      "redis+cluster://u:p@a:7000,b.example,[fd00::1]:7002",
      {
        kind: "cluster",
        tls: false,
        username: "u",
        password: "p",
        nodes: [
          { host: "a", port: 7000 },
          { host: "b.example", port: 6379 },
          { host: "fd00::1", port: 7002 },
        ],
      },
    ],
    ["unix:///run/redis.sock", { kind: "socket", tls: false, path: "/run/redis.sock", db: 0 }],
    [
      "redis+unix://u:p%40@/run/my%20redis.sock?db=2",
      { kind: "socket", tls: false, username: "u", password: "p@", path: "/run/my redis.sock", db: 2 },
    ],
    ["redis+socket:///s?db=1", { kind: "socket", tls: false, path: "/s", db: 1 }],
    ["rediss+cluster://a/", { kind: "cluster", tls: true, nodes: [{ host: "a", port: 6379 }] }],
    [
      "rediss+sentinel://:p@a,b:5000/my%20master?db=1&sentinelUsername=s&sentinelPassword=q%26",
      {
        kind: "sentinel",
        tls: true,
        password: "p",
        sentinels: [
          { host: "a", port: 26_379 },
          { host: "b", port: 5000 },
        ],
        master: "my master",
        db: 1,
        sentinelUsername: "s",
        sentinelPassword: "q&",
      },
    ],
  ])("is read: %s", (url, expected) => {
    expect(parseRedisUrl(url)).toEqual(expected);
  });

  it.each([
    ["http://h", "starts with redis://, unix://, redis+cluster:// or redis+sentinel://"],
    ["redis+pipe:///tmp/redis.sock", "starts with"],
    ["unix://host/tmp/redis.sock", "a socket has no host"],
    ["unix:///tmp/redis.sock?db=one", "the database is a number"],
    ["unix:///tmp/redis.sock?tls=true", "there is no setting tls"],
    ["redis://", "a host or a port cannot be read"],
    ["redis://h:0", "a host or a port cannot be read"],
    ["redis://h:65536", "a host or a port cannot be read"],
    ["redis://a,b", "redis+cluster://user:password@host:6379,host:6379"],
    ["redis://h/one", "the database is a number"],
    ["redis://h?tls=true", "there is no setting tls"],
    ["redis://u:%@h", "%25"],
    ["redis+cluster://a/1", "a Cluster has no databases"],
    ["redis+cluster://a,", "a host or a port cannot be read"],
    ["redis+sentinel://a", "the master's name is missing"],
    ["redis+sentinel://a/m?role=slave", "there is no setting role"],
  ])("is refused, saying what was expected: %s", (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(RedisUrlError);
    expect(() => parseRedisUrl(url)).toThrow(message);
  });

  it("is not printed in an error, as it may contain a password", () => {
    for (const url of ["redis://u:hunter2@h/x", "hunter2://h", "redis+sentinel://:hunter2@h", "redis://hunter2:%@h"]) {
      expect(() => parseRedisUrl(url)).toThrow(expect.not.stringContaining("hunter2"));
    }
  });
});
