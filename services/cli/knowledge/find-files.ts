import { readdir, stat } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { fileTypeOf, fileTypes, maxFileBytes } from "../../../shared/protocol/knowledge/file-types.ts";

/** A file that can become a source. */
export interface FoundFile {
  path: string;
  /** Its path below the folder that was asked for, or its own name. */
  name: string;
  mediaType: string;
}

export interface FoundFiles {
  files: FoundFile[];
  /** Names of files that are left out, and why. */
  leftOut: { name: string; reason: string }[];
}

/** Maximum files of a folder. */
const maxFiles = 1000;
const ends = Object.keys(fileTypes).join(", ");

/** Something that cannot be added, in words for the person who asked. */
export class NotAddable extends Error {
  override name = "NotAddable";
}

/**
 * Finds the files at a path: itself, or all below it, but not in hidden folders or `node_modules`.
 * @throws {NotAddable} if there is none that can be read
 */
export async function findFiles(path: string): Promise<FoundFiles> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new NotAddable(`There is no file or folder ${path}. An address begins with https:// or http://.`);
  if (!found.isDirectory()) {
    const file = await judge(path, basename(path));
    if ("reason" in file) throw new NotAddable(`${path} cannot be read: ${file.reason}.`);
    return { files: [file], leftOut: [] };
  }
  const judged = await Promise.all((await namesBelow(path)).map((name) => judge(join(path, name), name)));
  const files = judged.filter((each) => "mediaType" in each);
  const leftOut = judged.filter((each) => "reason" in each);
  if (files.length === 0) throw new NotAddable(`There is no file in ${path} that can be read: ${ends}.`);
  if (files.length > maxFiles) {
    const most = maxFiles.toLocaleString("en");
    throw new NotAddable(`${path} has ${files.length} files that can be read, and ${most} are allowed: add its parts.`);
  }
  return { files, leftOut };
}

async function namesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, "/"))
    .filter((name) => !/(^|\/)(\.|node_modules\/)/.test(name))
    .toSorted();
}

async function judge(path: string, name: string): Promise<FoundFile | FoundFiles["leftOut"][number]> {
  const mediaType = fileTypeOf(name);
  if (mediaType === undefined) return { name, reason: `its name has none of the ends ${ends}` };
  const { size } = await stat(path);
  if (size === 0) return { name, reason: "it is empty" };
  if (size > maxFileBytes) return { name, reason: `it is larger than ${maxFileBytes / 2 ** 20} MB` };
  return { path, name, mediaType };
}
