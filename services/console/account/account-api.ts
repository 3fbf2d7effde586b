import type {
  BackupCodeList,
  FactorSetup,
  Invitation,
  InvitationList,
  LinkView,
  SessionList,
  SignInAnswer,
} from "../../../shared/protocol/people/accounts.ts";
import type { Colleague, OperatorRole } from "../../../shared/protocol/operator.ts";
import { askService, change, erase, jsonBody, read } from "../client/service-request.ts";

export type Session = SessionList["sessions"][number];

/** Someone who gets an account. */
export interface Invitee {
  email: string;
  name?: string;
  role: OperatorRole;
  by: "mail" | "link";
}

/** The part of the operators' API that is about accounts. */
export const accountApi = {
  signIn: (email: string, password: string): Promise<SignInAnswer> => change("sign-in", { body: { email, password } }),
  lookAtLink: (link: string): Promise<LinkView> => change("links", { body: { link } }),
  useLink: (link: string, newPassword?: string): Promise<SignInAnswer> =>
    change("sign-in", { body: { link, ...(newPassword !== undefined && { newPassword }) } }),
  showFactor: (given: { code: string } | { backupCode: string }): Promise<SignInAnswer> =>
    change("sign-in/factor", { body: given }),
  setUpFactor: (password: string): Promise<FactorSetup> => change("factor", { body: { password } }),
  confirmFactor: (code: string): Promise<void> => change("factor/confirm", { body: { code } }),
  renewBackupCodes: async (password: string): Promise<readonly string[]> =>
    (await change<BackupCodeList>("factor/backup-codes", { body: { password } })).backupCodes,
  removeFactor: (password: string): Promise<void> => change("factor/remove", { body: { password } }),
  signOut: (): Promise<void> => change("sign-out", {}),
  me: (): Promise<Colleague> => read("me"),
  sessions: async (): Promise<readonly Session[]> => (await read<SessionList>("sessions")).sessions,
  endSession: (id: string): Promise<void> => erase(`sessions/${id}`),
  endOtherSessions: (): Promise<void> => erase("sessions"),
  changePassword: (password: string, newPassword: string): Promise<void> =>
    askService("password", { method: "PUT", ...jsonBody({ password, newPassword }) }),
  team: async (): Promise<readonly Colleague[]> => (await read<{ operators: Colleague[] }>("operators")).operators,
  remove: (id: string): Promise<void> => erase(`operators/${id}`),
  changeRole: (id: string, role: OperatorRole): Promise<void> =>
    askService(`operators/${id}/role`, { method: "PUT", ...jsonBody({ role }) }),
  invitations: (): Promise<InvitationList> => read("invitations"),
  invite: (invitee: Invitee): Promise<Invitation> => change("invitations", { body: invitee }),
  withdraw: (id: string): Promise<void> => erase(`invitations/${id}`),
};
