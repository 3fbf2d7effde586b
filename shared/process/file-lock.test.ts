import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { takeFileLock } from "./file-lock.ts";

describe("file lock", () => {
  let folder: Awaited<ReturnType<typeof mkdtempDisposable>>;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtempDisposable(join(tmpdir(), "parley-lock-"));
    path = join(folder.path, "lock");
  });
  afterEach(() => folder.remove());

  it("has one holder at a time", () => {
    const lock = takeFileLock(path);

    expect(lock).toBeDefined();
    expect(takeFileLock(path)).toBeUndefined();

    lock?.release();
    lock?.release();
    const next = takeFileLock(path);
    expect(next).toBeDefined();
    next?.release();
  });

  it("excludes other processes and is released when its holder is killed", async () => {
    const holder = await spawnHolder();
    expect(takeFileLock(path)).toBeUndefined();

    holder.kill("SIGKILL");
    await once(holder, "exit");

    const lock = takeFileLock(path);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it("throws if the file cannot be created", async () => {
    await writeFile(join(folder.path, "file"), "");

    expect(() => takeFileLock(join(folder.path, "file", "lock"))).toThrow("unable to open database file");
  });

  it.skipIf(process.getuid?.() === 0)("throws if the file is not writable", async () => {
    await writeFile(path, "", { mode: 0o444 });

    expect(() => takeFileLock(path)).toThrow("permission denied");
  });

  async function spawnHolder() {
    const module = new URL("file-lock.ts", import.meta.url).href;
    const program = `import { takeFileLock } from "${module}"; takeFileLock(process.argv[1]); console.log("held"); process.stdin.resume()`;
    const holder = spawn(process.execPath, ["--input-type=module", "--eval", program, path], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void holder.kill("SIGKILL"));
    await once(holder.stdout, "data");
    return holder;
  }
});
