import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";
import { requirements, type Requirement } from "./requirements.ts";
import { usesContainers } from "./stores/containers/stores-in-use.ts";

/**
 * Fails in CI, where a skipped test proves nothing.
 * @throws naming each program that is missing and how to get it
 */
export function refuseToSkip(): void {
  const missing = requirements.filter((requirement) => isMissing(requirement) && requirement.optional !== true);
  if (missing.length > 0) throw new Error(`With CI=true no test may be skipped; missing: ${list(missing)}`);
}

/** Formats a line on the tests that this run skipped because a program is missing; `undefined` if there are none. */
export function describeSkipped(project: TestProject): string | undefined {
  const missing = requirements.filter((requirement) => isMissing(requirement) && wasWanted(requirement, project));
  return missing.length === 0 ? undefined : `Skipped: tests on ${list(missing)}`;
}

function isMissing({ path, containerized }: Requirement): boolean {
  return path === undefined && !(containerized === true && usesContainers());
}

/** True if a test file of this run imports the fixture that uses the program. */
function wasWanted({ fixture }: Requirement, { vite }: TestProject): boolean {
  const path = fileURLToPath(new URL(fixture, import.meta.url));
  return Object.values(vite.environments).some(({ moduleGraph }) => moduleGraph.getModulesByFile(path) !== undefined);
}

function list(missing: Requirement[]): string {
  return missing.map(({ name, howToGet }) => `${name} (${howToGet})`).join(", ");
}
