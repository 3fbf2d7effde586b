import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import type { OperatorRole } from "../../protocol/operator.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** An invitation that can still be used. */
export interface OpenInvitationRow extends Columns<"operator_links", "id" | "created_at" | "ends_at"> {
  email: string;
  name: string;
  role: OperatorRole;
  /** Name of who invited; null if it was done from a shell. */
  invitedBy: string | null;
  /** State of its mail; null if the link was handed over. */
  mail: Columns<"mails", "state">["state"] | null;
}

export const openInvitationsStatement: Statement<OpenInvitationRow> = {
  name: "open-invitations",
  text: `
    select link.id, link.email, link.name, link.role, inviter.name as "invitedBy", link.created_at as "createdAt",
           link.ends_at as "endsAt", mails.state as mail
    from operator_links as link
      left join operators as inviter on inviter.id = link.made_by
      left join mails on mails.link_id = link.id
    where link.site_id = $1 and purpose = 'invitation' and used_at is null and ends_at > now()
    order by link.created_at desc limit 1000`,
};

/** Reads the invitations of a site that can still be used, the newest first. */
export async function listOpenInvitations(pool: Pool, siteId: string): Promise<OpenInvitationRow[]> {
  return query(pool, openInvitationsStatement, [siteId]);
}

export const withdrawInvitationStatement: Statement<Columns<"operator_links", "id">> = {
  name: "withdraw-invitation",
  // Its mail goes with it.
  text: `
    delete from operator_links
    where id = $1 and site_id = $2 and purpose = 'invitation' and used_at is null returning id`,
};

/** Ends an invitation: its link opens nothing from now on. @returns false if it was used, or is gone */
export async function withdrawInvitation(pool: Pool, siteId: string, id: string): Promise<boolean> {
  return (await query(pool, withdrawInvitationStatement, [id, siteId])).length === 1;
}
