import type { FactorSetup, Invitation, InvitationList } from "../../../shared/protocol/people/accounts.ts";
import type { Colleague, OperatorRole } from "../../../shared/protocol/operator.ts";
import type { ServiceProblem } from "../client/service-problem.ts";
import { accountApi, type Invitee, type Session } from "./account-api.ts";
import { asProblem } from "./fields.ts";

/** Parts of the page, each with its own problem. */
export type AccountPart = "page" | "sessions" | "password" | "factor" | "team";

/** One's own account and, for admins, the team. */
export class AccountModel {
  me: Colleague | undefined;
  /** Absent while they are read, and without a session of an account. */
  sessions: readonly Session[] | undefined;
  /** A colleague who would be removed, or get this role. */
  asked: { id: string; role?: OperatorRole } | undefined;
  team: readonly Colleague[] = [];
  /** The one that was just made. */
  invitation: Invitation | undefined;
  /** Those that are open. */
  invited: InvitationList = { invitations: [], mail: false };
  passwordChanged = false;
  /** A second factor that was not confirmed yet. */
  factorSetup: FactorSetup | undefined;
  /** Shown this once. */
  backupCodes: readonly string[] | undefined;
  busy: AccountPart | undefined;
  readonly problems = new Map<AccountPart, ServiceProblem>();
  readonly #changed: () => void;

  /** @param changed called after each change of what is shown */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get isAdmin(): boolean {
    return this.me?.role === "admin";
  }

  async begin(): Promise<void> {
    await this.#try("page", async () => {
      this.me = await accountApi.me();
    });
    if (this.me === undefined) return;
    await Promise.all([this.#readSessions(), this.#readTeam()]);
  }

  endSession(id: string): Promise<void> {
    return this.#try("sessions", async () => {
      await accountApi.endSession(id);
      this.sessions = await accountApi.sessions();
    });
  }

  endOtherSessions(): Promise<void> {
    return this.#try("sessions", async () => {
      await accountApi.endOtherSessions();
      this.sessions = await accountApi.sessions();
    });
  }

  async changePassword(password: string, newPassword: string): Promise<boolean> {
    this.passwordChanged = false;
    await this.#try("password", async () => {
      await accountApi.changePassword(password, newPassword);
      this.passwordChanged = true;
      this.sessions = await accountApi.sessions();
    });
    return this.passwordChanged;
  }

  setUpFactor(password: string): Promise<boolean> {
    return this.#changeFactor(async () => {
      this.factorSetup = await accountApi.setUpFactor(password);
    });
  }

  confirmFactor(code: string): Promise<boolean> {
    return this.#changeFactor(async () => {
      await accountApi.confirmFactor(code);
      this.backupCodes = this.factorSetup?.backupCodes;
      this.factorSetup = undefined;
    });
  }

  renewBackupCodes(password: string): Promise<boolean> {
    return this.#changeFactor(async () => {
      this.backupCodes = await accountApi.renewBackupCodes(password);
    });
  }

  removeFactor(password: string): Promise<boolean> {
    return this.#changeFactor(async () => {
      await accountApi.removeFactor(password);
      this.backupCodes = undefined;
    });
  }

  async #changeFactor(work: () => Promise<void>): Promise<boolean> {
    await this.#try("factor", async () => {
      await work();
      [this.me, this.sessions] = await Promise.all([accountApi.me(), accountApi.sessions()]);
    });
    return !this.problems.has("factor");
  }

  async invite(invitee: Invitee): Promise<boolean> {
    this.invitation = undefined;
    await this.#try("team", async () => {
      this.invitation = await accountApi.invite(invitee);
      this.invited = await accountApi.invitations();
    });
    return this.invitation !== undefined;
  }

  withdraw(id: string): Promise<void> {
    if (this.invitation?.id === id) this.invitation = undefined;
    return this.#try("team", async () => {
      await accountApi.withdraw(id);
      this.invited = await accountApi.invitations();
    });
  }

  /** Asks first whether a colleague should be removed, or get a role. */
  ask(asked: { id: string; role?: OperatorRole } | undefined): void {
    this.asked = asked;
    this.#changed();
  }

  /** Does what was asked; what was chosen is shown until the team is read again. */
  async confirm(): Promise<void> {
    const { id, role } = this.asked ?? {};
    if (id === undefined) return;
    await this.#try("team", async () => {
      await (role === undefined ? accountApi.remove(id) : accountApi.changeRole(id, role));
      this.team = await accountApi.team();
    });
    this.ask(undefined);
  }

  async signOut(): Promise<boolean> {
    await this.#try("page", () => accountApi.signOut());
    return !this.problems.has("page");
  }

  #readSessions(): Promise<void> {
    return this.#try("sessions", async () => {
      this.sessions = await accountApi.sessions();
    });
  }

  #readTeam(): Promise<void> {
    return this.#try("team", async () => {
      if (!this.isAdmin) return;
      [this.team, this.invited] = await Promise.all([accountApi.team(), accountApi.invitations()]);
    });
  }

  async #try(part: AccountPart, work: () => Promise<void>): Promise<void> {
    this.busy = part;
    this.problems.delete(part);
    this.#changed();
    try {
      await work();
    } catch (error) {
      this.problems.set(part, asProblem(error));
    }
    this.busy = undefined;
    this.#changed();
  }
}
