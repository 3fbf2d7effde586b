import { dirname, relative, resolve, sep } from "node:path";

/** Oxlint plugin with the rules of this repository that oxlint lacks. */
export default {
  meta: { name: "house" },
  rules: {
    "import-directions": { create: importDirections },
    "no-relays": { create: noRelays },
    "no-double-assertion": { create: noDoubleAssertion },
    "comment-openings": { create: commentOpenings },
  },
};

interface Direction {
  /** Files to which the direction applies. */
  from: RegExp;
  /** Forbidden targets: a path in the repository, or the name of a package. */
  forbids: (target: Target, from: string) => boolean;
  reason: string;
}

type Target = { kind: "file"; path: string } | { kind: "package"; name: string };

const test = /\.(test|testsuite)\.ts$/;
const outsideProduction = /^(bench|test|scripts|tools|shared\/testing)\/|^[^/]+\.config\.ts$/;

const directions: Direction[] = [
  {
    from: /^services\//,
    forbids: (target, from) => within(target, "services") && !within(target, folder(from, 2)),
    reason: "a service must not import another one: move shared code to shared/",
  },
  {
    from: /^services\/(widget|console)\//,
    forbids: (target) =>
      target.kind === "file" &&
      !["services", "shared/protocol", "shared/markdown", "packages/client"].some((part) => within(target, part)),
    reason:
      "widget and console may import only shared/protocol, shared/markdown and packages/client, as they run in browsers",
  },
  {
    from: /^packages\//,
    forbids: (target, from) => target.kind === "file" && !within(target, folder(from, 2)) && !test.test(from),
    reason: "a package must import none of our files but its own, as it is published without them",
  },
  {
    from: /^shared\//,
    forbids: (target) => within(target, "services"),
    reason: "shared/ must not import a service",
  },
  {
    from: /^shared\/(db|queue|live|history-cache)\//,
    forbids: (target, from) =>
      ["shared/db", "shared/queue", "shared/live", "shared/history-cache"].some(
        (part) => part !== folder(from, 2) && within(target, part),
      ),
    reason: "shared/db, queue, live and history-cache must not import each other: combine them in shared/jobs",
  },
  {
    from: /^services\/worker\/telemetry\//,
    forbids: (target) =>
      within(target, "services/worker/run") ||
      (target.kind === "file" && target.path === "services/worker/worker-context.ts"),
    reason: "a report of the worker must not import a run or its context: pass it the values it uses",
  },
  {
    from: /^migrations\//,
    forbids: (target) => target.kind === "file",
    reason: "a migration must not import our code, as its effect must never change",
  },
  {
    from: /^shared\/protocol\//,
    forbids: (target, from) =>
      target.kind === "file" ? !within(target, "shared/protocol") : target.name !== "zod" && !test.test(from),
    reason: "shared/protocol may import only zod and itself, as it runs in browsers",
  },
  {
    from: /^shared\/markdown\//,
    forbids: (target, from) =>
      target.kind === "file" &&
      !within(target, "shared/markdown") &&
      !within(target, "shared/protocol") &&
      !test.test(from),
    reason: "shared/markdown may import only shared/protocol and itself, as it runs in browsers",
  },
  {
    from: /^(services|shared|packages|migrations)\//,
    forbids: (target, from) =>
      target.kind === "file" &&
      (outsideProduction.test(target.path) || test.test(target.path)) &&
      !outsideProduction.test(from) &&
      !test.test(from),
    reason: "production code must not import test code",
  },
];

/**
 * Enforces the directions above. Each relative import is resolved to its file, so that the spelling of its path does
 * not matter.
 */
function importDirections(context: RuleContext): Visitor {
  const from = inRepository(context.filename, context.cwd);
  const bound = directions.filter((direction) => direction.from.test(from));
  const check = (source: Literal | null | undefined): void => {
    if (typeof source?.value !== "string") return;
    const target = resolveTarget(source.value, context);
    const broken = bound.find((direction) => direction.forbids(target, from));
    if (broken !== undefined) context.report({ message: broken.reason, node: source });
  };
  return {
    ImportDeclaration: (node) => check(node.source),
    ExportNamedDeclaration: (node) => check(node.source),
    ExportAllDeclaration: (node) => check(node.source),
    ImportExpression: (node) => check(node.source),
    TSImportType: (node) => check(node.source),
  };
}

/** Forbids passing on another file's exports: that hides their origin and couples files. Import from the origin. */
function noRelays(context: RuleContext): Visitor {
  const check = ({ source }: ImportingNode): void => {
    if (source?.value?.startsWith(".")) {
      context.report({ message: "no barrels: import this from the file that defines it", node: source });
    }
  };
  return { ExportNamedDeclaration: check, ExportAllDeclaration: check };
}

/** Forbids `x as unknown as Y`, which turns the type check off. Parse, or write a type guard. */
function noDoubleAssertion(context: RuleContext): Visitor {
  return {
    "TSAsExpression > TSAsExpression": (node) => {
      context.report({ message: "no double assertion: parse the value, or write a type guard", node });
    },
  };
}

/** Matches a comment that opens with a relative clause: its subject is missing. See docs/writing.md. */
const badOpening = /^[\s*]*(?:What|Who|Whoever|Of|Else|Where)\b/;

/** Holds comments to a noun or a verb as their first word. */
function commentOpenings(context: RuleContext): Visitor {
  return {
    Program: () => {
      for (const comment of context.sourceCode.getAllComments()) {
        if (badOpening.test(comment.value)) {
          context.report({ message: "a comment opens with a noun or a verb: see docs/writing.md", node: comment });
        }
      }
    },
  };
}

function resolveTarget(specifier: string, { filename, cwd }: RuleContext): Target {
  return specifier.startsWith(".") || specifier.startsWith("/")
    ? { kind: "file", path: inRepository(resolve(dirname(filename), specifier), cwd) }
    : { kind: "package", name: specifier };
}

function inRepository(path: string, root: string): string {
  return relative(root, path).split(sep).join("/");
}

function within(target: Target, part: string): boolean {
  return target.kind === "file" && target.path.startsWith(`${part}/`);
}

function folder(path: string, depth: number): string {
  return path.split("/").slice(0, depth).join("/");
}

// Parts of ESLint's plugin interface used here.
interface Literal {
  value?: string;
}
interface ImportingNode {
  source?: Literal | null;
}
interface Comment {
  value: string;
}
interface RuleContext {
  sourceCode: { getAllComments: () => Comment[] };
  filename: string;
  cwd: string;
  report: (problem: { message: string; node: object }) => void;
}
type Visitor = Record<string, (node: ImportingNode) => void>;
