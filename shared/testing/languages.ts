import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { go, java, perlJwt, php, pythonJwt, type Requirement, rubyJwt } from "./requirements.ts";

const run = promisify(execFile);

interface ServerLanguage {
  requirement: Requirement;
  file: string;
  args?: string[];
  env?: Record<string, string>;
  /** Adapts a program to a distribution's names for the same library. */
  adapt?: (source: string) => string;
}

/** Languages of servers that embed a widget, by their headings in the documents. */
export const serverLanguages: Record<string, ServerLanguage> = {
  PHP: { requirement: php, file: "identity.php" },
  Python: { requirement: pythonJwt, file: "identity.py" },
  Ruby: { requirement: rubyJwt, file: "identity.rb" },
  Go: {
    requirement: go,
    file: "identity.go",
    args: ["run"],
    // Debian's library is found by its path, without a module.
    env: { GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "" },
    adapt: (source) => source.replace("golang-jwt/jwt/v5", "golang-jwt/jwt"),
  },
  Java: { requirement: java, file: "Identity.java" },
  Perl: { requirement: perlJwt, file: "identity.pl" },
};

/** @returns the output of a program in this language */
export async function runProgram(
  language: ServerLanguage,
  source: string,
  env: Record<string, string>,
): Promise<string> {
  const { requirement, file, args = [], adapt = (text: string) => text } = language;
  if (requirement.path === undefined) throw new Error(`${requirement.name} is missing: ${requirement.howToGet}`);
  const folder = await mkdtemp(join(tmpdir(), "parley-language-"));
  try {
    await writeFile(join(folder, file), adapt(source));
    const { stdout } = await run(requirement.path, [...args, file], {
      cwd: folder,
      env: { PATH: process.env["PATH"], HOME: folder, GOCACHE: join(folder, "cache"), ...language.env, ...env },
    });
    return stdout.trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
