import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { z } from "zod";
import { addKey, type ListedKey, listKeys, revokeKey } from "../../shared/db/desk/operator-keys.ts";
import { builtIn } from "../../shared/db/desk/operators.ts";
import { describeError } from "../../shared/describe-error.ts";
import { hashOfKey, makeOperatorKey } from "../../shared/operator-key.ts";
import { operatorRole } from "../../shared/protocol/operator.ts";
import { id as keyId } from "../../shared/protocol/submit.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { type Command, runCommand } from "./run-command.ts";
import { withPool } from "./with-pool.ts";

const usage = `Usage:
  npm run keys -- add <name>        make a key for an operator, and print it: it is shown this once
  npm run keys -- list              list all keys: id, operator, role, end
  npm run keys -- revoke <key id>   end a key at once

Options of add:
  --role <role>    ${operatorRole.options.join(", ")}; operator by default
  --days <number>  how long it opens the API, 1 to 3650; 90 by default

The database is the one of DATABASE_URL, or the one that npm start keeps in .data.
`;

const builtInNames: string[] = Object.values(builtIn).map(({ name }) => name);

const addOptions = z.object({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .refine((name) => !builtInNames.includes(name), "is the name of a built-in operator"),
  role: operatorRole.default("operator"),
  days: z.coerce.number().int().min(1).max(3650).default(90),
});

if (import.meta.main) process.exitCode = await runKeys(process.argv.slice(2));

/** @returns the exit code */
export function runKeys(args: string[]): Promise<number> {
  return runCommand(parseCommand(args), usage);
}

/** @returns a string if the arguments are wrong: what is wrong with them */
function parseCommand(args: string[]): Command | string {
  try {
    const options = { role: { type: "string" }, days: { type: "string" } } as const;
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [command = "", given, ...more] = positionals;
    if (command === "list" && given === undefined) return withPool("keys", list);
    if (command === "add") {
      const wanted = addOptions.safeParse({ ...values, name: given });
      if (more.length > 0) return "add: write a name of several words in quotes.\n\n";
      return wanted.success
        ? withPool("keys", (pool) => add(pool, wanted.data))
        : `${z.prettifyError(wanted.error)}\n\n`;
    }
    if (command !== "revoke") return command === "" ? "" : `There is no command "${command}".\n\n`;
    const id = keyId.safeParse(given);
    if (!id.success || more.length > 0) return "revoke: expected the id of one key, as list prints it.\n\n";
    return withPool("keys", (pool) => revoke(pool, id.data));
  } catch (error) {
    return `${describeError(error)}\n\n`;
  }
}

async function add(pool: Pool, { name, role, days }: z.output<typeof addOptions>): Promise<number> {
  const key = makeOperatorKey();
  const keyHash = hashOfKey(key);
  if (!keyHash) throw new Error("a key was made that is none");
  const { id, endsAt } = await addKey(pool, { siteId: defaultSite, name, role, keyHash, days });
  process.stdout.write(`${key}\n`);
  process.stderr.write(
    `Key ${id} of ${name}, with the role ${role}, until ${day(endsAt)}. It is not stored and will not be shown again.\n`,
  );
  return 0;
}

async function list(pool: Pool): Promise<number> {
  const keys = await listKeys(pool, defaultSite);
  if (keys.length === 0) process.stderr.write("There are no keys.\n");
  const namesTake = Math.max(0, ...keys.map(({ name }) => name.length));
  for (const key of keys) process.stdout.write(`${describe(key, namesTake)}\n`);
  return 0;
}

function describe({ id, name, role, createdAt, endsAt, revokedAt }: ListedKey, namesTake: number): string {
  const end = revokedAt ? `revoked ${day(revokedAt)}` : `${endsAt <= new Date() ? "ended" : "until"} ${day(endsAt)}`;
  return `${id}  ${name.padEnd(namesTake)}  ${role.padEnd("operator".length)}  made ${day(createdAt)}  ${end}`;
}

async function revoke(pool: Pool, id: string): Promise<number> {
  const revoked = await revokeKey(pool, id, defaultSite);
  if (revoked) process.stdout.write("Revoked.\n");
  else process.stderr.write("No key has this id.\n");
  return revoked ? 0 : 1;
}

function day(time: Date): string {
  return time.toISOString().slice(0, 10);
}
