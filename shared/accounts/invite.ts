import type { Pool } from "pg";
import { type InviteOutcome, storeInvitation, storeLink } from "../db/accounts/operator-links.ts";
import { isBuiltIn } from "../db/desk/operators.ts";
import type { OperatorRole } from "../protocol/operator.ts";
import { invitationMs, resetLinkMs } from "../tunables.ts";
import { addressOfLink, makeOneTimeLink } from "./one-time-link.ts";

/** Whom to invite, and where the console is. */
interface Invitee {
  siteId: string;
  /** In lower case. */
  email: string;
  /** Absent: the address up to its `@`. */
  name?: string | undefined;
  role: OperatorRole;
  madeBy?: string | undefined;
  /** Address of the console's host. */
  base: string;
}

type Refused = Exclude<InviteOutcome, object>;

/** A link that is not kept: it is shown, or sent, once. */
export interface MadeLink {
  name: string;
  link: string;
  endsAt: Date;
}

/** Makes an invitation. The caller hands the link over: nothing is sent here. */
export async function inviteOperator(pool: Pool, { base, ...invitee }: Invitee): Promise<Refused | MadeLink> {
  const name = invitee.name ?? invitee.email.slice(0, invitee.email.lastIndexOf("@"));
  if (isBuiltIn({ name })) return "name-taken";
  const { token, tokenHash } = makeOneTimeLink();
  const stored = await storeInvitation(pool, { ...invitee, name, tokenHash, lifeMs: invitationMs });
  return typeof stored === "string" ? stored : { name, link: addressOfLink(base, token), endsAt: stored.endsAt };
}

/** Makes a link that sets a new password, ends all sessions and removes the second factor. */
export async function makeResetLink(
  pool: Pool,
  { siteId, operatorId, base }: { siteId: string; operatorId: string; base: string },
): Promise<{ link: string; endsAt: Date } | undefined> {
  const { token, tokenHash } = makeOneTimeLink();
  const endsAt = await storeLink(pool, { siteId, purpose: "reset", tokenHash, operatorId, lifeMs: resetLinkMs });
  return endsAt && { link: addressOfLink(base, token), endsAt };
}
