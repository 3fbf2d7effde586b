import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { redisAvailable, startRedis } from "./redis.ts";

describe.skipIf(!redisAvailable)("startRedis()", () => {
  it("starts an empty server beside others", async () => {
    await using one = await startRedis();
    await using other = await startRedis();
    expect(await ask(one.port, "SET a 1")).toBe("+OK");
    expect(await ask(other.port, "GET a")).toBe("$-1");
    expect(one.url).toBe(`redis://127.0.0.1:${one.port}`);
  });

  it("breaks its connections when killed, and restarts empty on the same port", async () => {
    await using redis = await startRedis();
    await ask(redis.port, "SET a 1");
    const socket = connect(redis.port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => {});
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await redis.kill();
    await closed;
    await expect(ask(redis.port, "PING")).rejects.toThrow("ECONNREFUSED");
    await redis.restart();
    expect(await ask(redis.port, "GET a")).toBe("$-1");
  });

  it("accepts connections but answers nothing while paused", async () => {
    await using redis = await startRedis();
    redis.pause();
    const socket = connect(redis.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("PING\r\n");
    socket.setTimeout(300);
    expect(await Promise.race([once(socket, "timeout"), once(socket, "data")])).toEqual([]);
    redis.resume();
    expect(String(await once(socket, "data"))).toBe("+PONG\r\n");
    socket.destroy();
  });

  it("stops for good when it is paused, was killed, or has ended", async () => {
    const redis = await startRedis();
    redis.pause();
    await redis.stop();
    await redis.stop();
    await expect(ask(redis.port, "PING")).rejects.toThrow("ECONNREFUSED");
  });
});

/** The first line of its answer. */
async function ask(port: number, command: string): Promise<string | undefined> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${command}\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return answer.toString().split("\r\n")[0];
}
