import { spawnSync } from "node:child_process";

export interface ProcessRow {
  pid: number;
  parent: number;
  /** The whole command line. */
  command: string;
}

/**
 * Lists every running process of this machine. A zombie, which only waits to be reaped by its parent, is not listed.
 */
export function listProcesses(): ProcessRow[] {
  const { stdout } = spawnSync("ps", ["-Aww", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, state, command = ""] = /^ *(\d+) +(\d+) +(\S+) +(.*)$/.exec(line) ?? [];
    return state === undefined || state.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

export function isRunning(pid: number): boolean {
  return listProcesses().some((row) => row.pid === pid);
}

/** Returns a process and all its descendants. */
export function processTree(root: number): ProcessRow[] {
  const all = listProcesses();
  const children = (parent: number): ProcessRow[] =>
    all.filter((row) => row.parent === parent).flatMap((row) => [row, ...children(row.pid)]);
  return [...all.filter(({ pid }) => pid === root), ...children(root)];
}
