import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type FileLock, takeFileLock } from "../../shared/process/file-lock.ts";
import { StackError } from "./stack-error.ts";

const notice = z.object({ url: z.string(), pid: z.number() });

/** A data folder locked by this run until it leaves or dies. */
export interface Place {
  /** True if the previous run was killed; its processes may still be ending. */
  wasKilled: boolean;
  leave: () => Promise<void>;
}

/**
 * Locks a data folder for this run, and writes a notice that tells a second run the address of this one.
 * @throws {StackError} when another run has it, or when it cannot be written
 */
export async function takePlace(folder: string, url: string): Promise<Place> {
  const noticeFile = join(folder, "running.json");
  const lock = await openLock(folder);
  if (lock === undefined) throw new StackError(await occupiedMessage(noticeFile));
  const wasKilled = (await readNotice(noticeFile)) !== undefined;
  await writeFile(`${noticeFile}.new`, JSON.stringify({ url, pid: process.pid }));
  await rename(`${noticeFile}.new`, noticeFile);
  const leave = async () => {
    await rm(noticeFile, { force: true });
    lock.release();
  };
  return { wasKilled, leave };
}

async function openLock(folder: string): Promise<FileLock | undefined> {
  try {
    await mkdir(folder, { recursive: true });
    return takeFileLock(join(folder, "npm-start.lock"));
  } catch (error) {
    const owner = `$(id -u):$(id -g) ${folder}`;
    throw new StackError(
      `Parley keeps its data in ${folder}, but cannot write there (${error instanceof Error ? error.message : "unknown"}).\n` +
        `If root created it, start as root again, or change its owner: sudo chown -R ${owner}`,
      { cause: error },
    );
  }
}

async function occupiedMessage(noticeFile: string): Promise<string> {
  const running = await readNotice(noticeFile);
  // The other run has the lock but has not written its notice yet.
  if (running === undefined) return "Another process is starting Parley in this folder.";
  return `Parley is already running here: ${running.url} (process ${running.pid}).\nStop it with Ctrl-C in its terminal, or: kill ${running.pid}`;
}

async function readNotice(noticeFile: string) {
  const text = await readFile(noticeFile, "utf8").catch(() => "null");
  return notice.safeParse(JSON.parse(text)).data;
}
