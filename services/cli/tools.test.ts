import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { runHere, spawnCommand } from "./command-for-tests.ts";
import { runTools } from "./tools.ts";

const command = fileURLToPath(new URL("tools.ts", import.meta.url));
const secret = "a-key-of-the-shop";
const calls: string[] = [];

let folder: string;
let port: number;
beforeAll(async () => {
  const server = createServer((req, res) => {
    calls.push(`${req.method} ${req.url} ${req.headers.authorization}`);
    res.end(`{"state":"sent","key":"${req.headers.authorization}"}`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  ({ port } = server.address() as AddressInfo);
  folder = await mkdtemp(join(tmpdir(), "parley-tools-"));
  await mkdir(join(folder, "config"));
  await writeFile(join(folder, "config/assistants.json"), JSON.stringify(shopAt(`http://127.0.0.1:${port}`)));
  return async () => {
    await new Promise((done) => server.close(done));
    await rm(folder, { recursive: true });
  };
});

function shopAt(url: string): object {
  const order = { type: "object", properties: { order: { type: "string" } }, required: ["order"] };
  const reading = {
    name: "order_status",
    description: "Looks up an order",
    parameters: order,
    effect: "read",
    request: { method: "GET", url: `${url}/orders/{order}`, headers: { authorization: "${secret:SHOP_KEY}" } },
  };
  const request = { method: "POST", url: `${url}/cancel`, body: { order: "{order}" } };
  const changing = { ...reading, name: "cancel_order", effect: "change", confirm: "never", request };
  const presets = [
    { default: true, reply: "How can I help?" },
    { fallback: true, reply: "Please try again." },
  ];
  const assistant = {
    name: "Shop",
    description: "Sells",
    instructions: "Be kind.",
    presets,
    tools: [reading, changing],
  };
  return { assistants: { default: assistant } };
}

const spawn = (args: string[], env: Record<string, string> = {}) =>
  spawnCommand(command, args, {
    cwd: folder,
    env: { ...process.env, FETCH_ALLOW_PRIVATE: "127.0.0.0/8", FETCH_PORTS: String(port), ...env },
  });

describe("tools, from a shell", { timeout: 60_000 }, () => {
  it("are listed with the secrets that they lack", async () => {
    const { code, stdout } = await spawn(["list"]);
    expect(code).toBe(0);
    expect(stdout.split("\n")).toEqual([
      `default  order_status  read    GET http://127.0.0.1:${port}/orders/{order}  lacks SECRET_SHOP_KEY`,
      `default  cancel_order  change  POST http://127.0.0.1:${port}/cancel`,
      "",
    ]);
  });

  it("are tried, and show no secret", async () => {
    const { code, stdout, stderr } = await spawn(["try", "order_status", "--arguments", '{"order":"1042"}'], {
      SECRET_SHOP_KEY: secret,
    });
    expect(stderr).toMatch(/^done \(status 200, \d+ ms\)\n$/);
    expect([code, stdout]).toEqual([0, '{"state":"sent","key":"[secret]"}\n']);
    expect(calls).toEqual([`GET /orders/1042 ${secret}`]);
  });

  it("that change something want a word more, and say why a call failed", async () => {
    const tried = ["try", "cancel_order", "--arguments", '{"order":"1042"}'];
    expect(await spawn(tried)).toMatchObject({ code: 1, stderr: expect.stringContaining("add --change") as string });
    const refused = await spawn([...tried, "--change"], { FETCH_ALLOW_PRIVATE: "" });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^failed \(\d+ ms\): 127\.0\.0\.1 is an address of this machine/);
    expect(calls).toHaveLength(1);
  });

  it.each([
    [["try"], "expected the name of one tool"],
    [["try", "a", "--arguments", "{"], "expected JSON"],
    [["try", "a", "--arguments", "[]"], "expected a JSON object"],
    [["print"], 'There is no command "print"'],
    [[], "Usage:"],
  ])("are not called by %j", async (args, expected) => {
    expect(await runHere(runTools, args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(expected) as string,
    });
  });
});
