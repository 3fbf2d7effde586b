import { parseArgs } from "node:util";
import type { Pool } from "pg";
import { z } from "zod";
import { inviteByMail, inviteOperator, makeResetLink } from "../../shared/accounts/invite.ts";
import { readConsoleAddress } from "../../shared/config/config.ts";
import { storeRole } from "../../shared/db/accounts/change-role.ts";
import { storeDeparture } from "../../shared/db/accounts/departure.ts";
import { listOpenInvitations, withdrawInvitation } from "../../shared/db/accounts/invitations.ts";
import type { AdminOutcome } from "../../shared/db/accounts/last-admin.ts";
import { isBuiltIn } from "../../shared/db/desk/operators.ts";
import { findByEmail, type ListedAccount, listAccounts } from "../../shared/db/accounts/operator-accounts.ts";
import { isMailSent } from "../../shared/db/operators/process-reports.ts";
import { describeError } from "../../shared/describe-error.ts";
import { emailAddress, personName } from "../../shared/protocol/people/accounts.ts";
import { type OperatorRole, operatorRole } from "../../shared/protocol/operator.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { type Command, runCommand } from "./run-command.ts";
import { withPool } from "./with-pool.ts";

const usage = `Usage:
  npm run operators -- invite <address>   send a mail with a link that makes an account, once; it holds for three days;
                                          without a worker that sends mail, or with --print, print the link
  npm run operators -- invitations        list the invitations that can still be used
  npm run operators -- withdraw <address> withdraw one: its link opens nothing any more
  npm run operators -- reset <address>    print a link for a new password, once; it holds for a day, and ends all
                                          sessions and the second factor of that account when it is used
  npm run operators -- role <address> <role>
                                          give an operator another role; their sessions and keys have it within a second
  npm run operators -- remove <address>   an operator leaves: sessions, keys and account end, and a worker returns their
                                          conversations to the queue
  npm run operators -- list               list all operators: role, name, address, second factor

For an operator without an account, give the name in place of the address. The last admin with an account stays one.

Options of invite:
  --name <name>    as visitors see it; without it, the address up to its @. An operator of that name who has keys
                   gets the account
  --role <role>    operator by default

Roles: ${operatorRole.options.join(", ")}.

Links name CONSOLE_URL, or localhost. The database is the one of DATABASE_URL, or the one that npm start keeps in .data.
`;

const inviteOptions = z.object({
  email: emailAddress,
  name: personName.optional(),
  role: operatorRole.default("operator"),
  print: z.boolean().default(false),
});

if (import.meta.main) process.exitCode = await runOperators(process.argv.slice(2));

/** @returns the exit code */
export function runOperators(args: string[]): Promise<number> {
  return runCommand(parseCommand(args), usage);
}

/** @returns a string if the arguments are wrong: what is wrong with them */
function parseCommand(args: string[]): Command | string {
  try {
    const options = { name: { type: "string" }, role: { type: "string" }, print: { type: "boolean" } } as const;
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true });
    const [command = "", email, ...more] = positionals;
    if (command === "role") return parseRole(positionals.slice(1));
    if (more.length > 0) return `${command}: expected one address; write a name of several words in quotes.\n\n`;
    if (command === "list" && email === undefined) return withPool("operators", list);
    if (command === "invitations" && email === undefined) return withPool("operators", listInvitations);
    if (command === "withdraw" && email !== undefined) return withPool("operators", (pool) => withdraw(pool, email));
    if (command === "invite") {
      const wanted = inviteOptions.safeParse({ ...values, email });
      if (!wanted.success) return `${z.prettifyError(wanted.error)}\n\n`;
      return withPool("operators", (pool) => invite(pool, wanted.data));
    }
    if (command === "remove" && email !== undefined) return withPool("operators", (pool) => remove(pool, email));
    if (command !== "reset") return command === "" ? "" : `There is no command "${command}".\n\n`;
    const address = emailAddress.safeParse(email);
    if (!address.success) return "reset: expected the address of an account.\n\n";
    return withPool("operators", (pool) => reset(pool, address.data));
  } catch (error) {
    return `${describeError(error)}\n\n`;
  }
}

function parseRole([who, given, ...more]: string[]): Command | string {
  const role = operatorRole.safeParse(given);
  if (who === undefined || !role.success || more.length > 0) {
    return `role: expected an address and one of ${operatorRole.options.join(", ")}.\n\n`;
  }
  return withPool("operators", (pool) => changeRole(pool, who, role.data));
}

async function invite(pool: Pool, { print, ...person }: z.output<typeof inviteOptions>): Promise<number> {
  const invitee = { siteId: defaultSite, ...person };
  const byMail = !print && (await isMailSent(pool));
  const made = await (byMail
    ? inviteByMail(pool, invitee)
    : inviteOperator(pool, { ...invitee, base: readConsoleAddress() }));
  if (made === "has-account") return refuse(`${person.email} has an account. For a new password: reset.`);
  if (made === "name-taken") return refuse("Another operator has this name. Give another one with --name.");
  const about = `${made.name}, with the role ${person.role}. It is good until ${minute(made.endsAt)}`;
  if (made.link !== undefined) {
    process.stdout.write(`${made.link}\n`);
    process.stderr.write(`Whoever opens this link first becomes ${about}, and will not be shown again.\n`);
  } else {
    process.stderr.write(`A link goes to ${person.email} by mail. Whoever opens it first becomes ${about}.\n`);
  }
  return 0;
}

async function reset(pool: Pool, email: string): Promise<number> {
  const operator = await findByEmail(pool, defaultSite, email);
  const about = { siteId: defaultSite, base: readConsoleAddress() };
  const made = operator && (await makeResetLink(pool, { ...about, operatorId: operator.id }));
  if (!made) return refuse("No account has this address.");
  process.stdout.write(`${made.link}\n`);
  process.stderr.write(
    `A link for a new password of ${operator.name}, until ${minute(made.endsAt)}. It will not be shown again.\n`,
  );
  return 0;
}

async function changeRole(pool: Pool, given: string, role: OperatorRole): Promise<number> {
  const operator = await findMember(pool, given);
  if (!operator) return refuse("No operator whose role can be changed has this address or name.");
  const outcome = await storeRole(pool, { siteId: defaultSite, operatorId: operator.id, role });
  return report(outcome, operator, `${operator.name} has the role ${role}.`);
}

async function remove(pool: Pool, given: string): Promise<number> {
  const leaver = await findMember(pool, given);
  if (!leaver) return refuse("No operator who can be removed has this address or name.");
  return report(await storeDeparture(pool, defaultSite, leaver.id), leaver, `${leaver.name} has left.`);
}

/** @param given address or name */
async function findMember(pool: Pool, given: string): Promise<ListedAccount | undefined> {
  const operators = await listAccounts(pool, defaultSite);
  const found = operators.find(({ email, name }) => email === given.toLowerCase() || name === given);
  return found && !isBuiltIn(found) ? found : undefined;
}

function report(outcome: AdminOutcome, { name }: ListedAccount, done: string): number {
  if (outcome === "gone") return refuse(`${name} has left already.`);
  if (outcome === "last-admin") {
    return refuse(`${name} is the last admin with an account: make somebody else an admin first.`);
  }
  process.stdout.write(`${done}\n`);
  return 0;
}

async function list(pool: Pool): Promise<number> {
  const accounts = await listAccounts(pool, defaultSite);
  if (accounts.length === 0) process.stderr.write("There are no operators.\n");
  const namesTake = Math.max(0, ...accounts.map(({ name }) => name.length));
  for (const account of accounts) process.stdout.write(`${describe(account, namesTake)}\n`);
  return 0;
}

async function listInvitations(pool: Pool): Promise<number> {
  const invitations = await listOpenInvitations(pool, defaultSite);
  if (invitations.length === 0) process.stderr.write("There are no open invitations.\n");
  for (const { email, name, role, invitedBy, endsAt, mail } of invitations) {
    const by = invitedBy === null ? "" : `  invited by ${invitedBy}`;
    const sent = mail === null ? "" : `  mail ${mail}`;
    process.stdout.write(`${role.padEnd("operator".length)}  ${name}  ${email}  until ${minute(endsAt)}${by}${sent}\n`);
  }
  return 0;
}

async function withdraw(pool: Pool, given: string): Promise<number> {
  const open = await listOpenInvitations(pool, defaultSite);
  const invitation = open.find(({ email }) => email === given.toLowerCase());
  if (!invitation || !(await withdrawInvitation(pool, defaultSite, invitation.id))) {
    return refuse("No invitation for this address can still be used.");
  }
  process.stdout.write(`The invitation for ${invitation.email} is withdrawn.\n`);
  return 0;
}

function describe({ name, role, email, twoFactorEnabled }: ListedAccount, namesTake: number): string {
  const account = email === null ? "no account" : `${email}${twoFactorEnabled ? "  second factor" : ""}`;
  return `${role.padEnd("operator".length)}  ${name.padEnd(namesTake)}  ${account}`;
}

function refuse(reason: string): number {
  process.stderr.write(`${reason}\n`);
  return 1;
}

function minute(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
