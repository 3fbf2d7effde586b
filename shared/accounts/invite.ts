import type { Pool } from "pg";
import { type InviteOutcome, storeInvitation, storeLink } from "../db/accounts/operator-links.ts";
import { isBuiltIn } from "../db/desk/operators.ts";
import type { OperatorRole } from "../protocol/operator.ts";
import { invitationMs, resetLinkMs } from "../tunables.ts";
import { addressOfLink, makeOneTimeLink } from "./one-time-link.ts";

/** Whom to invite. */
interface Invitee {
  siteId: string;
  /** In lower case. */
  email: string;
  /** Absent: the address up to its `@`. */
  name?: string | undefined;
  role: OperatorRole;
  madeBy?: string | undefined;
}

type Refused = Exclude<InviteOutcome, object>;

/** An invitation, with the name that its operator will have. */
export interface MadeInvitation {
  id: string;
  name: string;
  endsAt: Date;
  /** Absent: a worker sends it. */
  link?: string;
}

/** Likewise with its link, which is not kept: it is shown once. */
interface MadeLink extends MadeInvitation {
  link: string;
}

/** Makes an invitation whose link the caller hands over. @param invitee `base`: address of the console's host */
export async function inviteOperator(
  pool: Pool,
  { base, ...invitee }: Invitee & { base: string },
): Promise<Refused | MadeLink> {
  const { token, tokenHash } = makeOneTimeLink();
  const made = await invite(pool, { ...invitee, tokenHash, byMail: false });
  return typeof made === "string" ? made : { ...made, link: addressOfLink(base, token) };
}

/** Makes an invitation that a worker sends. The worker makes the link when a mail server is there to take it. */
export async function inviteByMail(pool: Pool, invitee: Invitee): Promise<Refused | MadeInvitation> {
  const { tokenHash } = makeOneTimeLink();
  return invite(pool, { ...invitee, tokenHash, byMail: true });
}

async function invite(
  pool: Pool,
  invitee: Invitee & { tokenHash: Buffer; byMail: boolean },
): Promise<Refused | MadeInvitation> {
  const name = invitee.name ?? invitee.email.slice(0, invitee.email.lastIndexOf("@"));
  if (isBuiltIn({ name })) return "name-taken";
  const stored = await storeInvitation(pool, { ...invitee, name, lifeMs: invitationMs });
  return typeof stored === "string" ? stored : { name, ...stored };
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
