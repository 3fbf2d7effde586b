import { z } from "zod";
import { colleague, operatorRole } from "../operator.ts";
import { mailState } from "./mail.ts";
import { passwordLength } from "./password-length.ts";

/** Accounts of operators: the contract between the API and the console's sign-in. */

const newPassword = z
  .string()
  .min(passwordLength.min, `must have at least ${passwordLength.min} characters`)
  .max(passwordLength.max, `must have at most ${passwordLength.max} characters`);

const linkToken = z.string().min(1).max(200).meta({ description: "The part of a one-time link after `#link=`" });

export const emailAddress = z
  .email("must be an address like mia@example.com")
  .max(254)
  .transform((address) => address.toLowerCase());

export const signInRequest = z
  .object({
    email: z.string().trim().min(1).max(254).optional().meta({
      description: "The account's address, or `ADMIN_USER`; with `password`",
    }),
    password: z.string().min(1).max(passwordLength.max).optional(),
    link: linkToken.optional(),
    newPassword: newPassword.optional().meta({ description: "With a `link` that sets a password" }),
  })
  .refine(({ email, password, link }) => (link === undefined) === (email !== undefined && password !== undefined), {
    message: "must have either email and password, or link",
  })
  .meta({ id: "SignInRequest" });

export const signInAnswer = z
  .object({
    operator: colleague.optional().meta({ description: "Who is signed in now" }),
    secondFactor: z
      .literal("required")
      .optional()
      .meta({ description: "The password was right; the session begins with `POST /api/operator/sign-in/factor`" }),
  })
  .meta({ id: "SignInAnswer" });
export type SignInAnswer = z.output<typeof signInAnswer>;

const totpCode = z
  .string()
  .transform((code) => code.replaceAll(/\s/g, ""))
  .pipe(z.string().regex(/^\d{6}$/, "must have six digits"));

export const factorRequest = z
  .object({
    code: totpCode.optional().meta({ description: "Of the authenticator app" }),
    backupCode: z.string().trim().min(1).max(50).optional(),
  })
  .refine(({ code, backupCode }) => (code === undefined) !== (backupCode === undefined), {
    message: "must have either code or backupCode",
  })
  .meta({ id: "FactorRequest" });

export const codeRequest = z.object({ code: totpCode }).meta({ id: "CodeRequest" });

export const presentPasswordRequest = z
  .object({ password: z.string().min(1).max(passwordLength.max) })
  .meta({ id: "PresentPasswordRequest" });

export const factorSetup = z
  .object({
    uri: z.string().meta({ description: "`otpauth:` URI for the authenticator app; its secret is shown this once" }),
    backupCodes: z.array(z.string()),
  })
  .meta({ id: "FactorSetup" });
export type FactorSetup = z.output<typeof factorSetup>;

export const backupCodeList = z
  .object({ backupCodes: z.array(z.string()).meta({ description: "Shown this once; each is good once" }) })
  .meta({ id: "BackupCodes" });
export type BackupCodeList = z.output<typeof backupCodeList>;

export const linkRequest = z.object({ link: linkToken }).meta({ id: "LinkRequest" });

export const linkView = z
  .object({
    purpose: z.enum(["invitation", "reset", "sign-in"]),
    email: z.string().optional(),
    name: z.string(),
    role: operatorRole,
  })
  .meta({ id: "LinkView" });
export type LinkView = z.output<typeof linkView>;

const session = z.object({
  id: z.uuid(),
  current: z.boolean().meta({ description: "This is the session that asks" }),
  userAgent: z.string(),
  address: z.string(),
  beganAt: z.iso.datetime(),
  seenAt: z.iso.datetime().meta({ description: "Its last request, to within five minutes" }),
});

export const sessionList = z.object({ sessions: z.array(session) }).meta({ id: "SessionList" });
export type SessionList = z.output<typeof sessionList>;

export const passwordRequest = z
  .object({ password: z.string().min(1).max(passwordLength.max), newPassword })
  .meta({ id: "PasswordRequest" });

/** Body of `PUT /api/operator/operators/{id}/role`. */
export const roleRequest = z.object({ role: operatorRole }).meta({ id: "RoleRequest" });

const maxNameChars = 100;

export const personName = z.string().trim().min(1).max(maxNameChars);

export const inviteRequest = z
  .object({
    email: emailAddress,
    name: personName.optional().meta({
      description: "As visitors see it; without it, the address up to its @. An operator of that name gets the account",
    }),
    role: operatorRole.default("operator"),
    by: z.enum(["mail", "link"]).optional().meta({
      description: "`mail` sends the link, `link` answers with it; without it, `mail` where the service sends mail",
    }),
  })
  .meta({ id: "InviteRequest" });

const invited = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: operatorRole,
  endsAt: z.iso.datetime(),
});

export const invitation = invited
  .extend({
    link: z.url().optional().meta({
      description: "Shown this once. Whoever opens it first gets the account. Absent if it is sent by mail",
    }),
  })
  .meta({ id: "Invitation" });
export type Invitation = z.output<typeof invitation>;

const openInvitation = invited.extend({
  invitedBy: z.string().optional().meta({ description: "Name of who invited; absent if it was done by the command" }),
  madeAt: z.iso.datetime(),
  mail: mailState.optional().meta({ description: "State of its mail; absent if the link was handed over" }),
});
export type OpenInvitation = z.output<typeof openInvitation>;

/** Answer of `GET /api/operator/invitations`. */
export const invitationList = z
  .object({
    invitations: z.array(openInvitation).meta({ description: "Those that can still be used, the newest first" }),
    mail: z.boolean().meta({ description: "The service sends mail" }),
  })
  .meta({ id: "InvitationList" });
export type InvitationList = z.output<typeof invitationList>;
