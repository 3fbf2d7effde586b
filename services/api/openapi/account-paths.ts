import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import {
  backupCodeList,
  codeRequest,
  factorRequest,
  factorSetup,
  invitation,
  invitationList,
  inviteRequest,
  linkRequest,
  linkView,
  passwordRequest,
  presentPasswordRequest,
  roleRequest,
  sessionList,
  signInAnswer,
  signInRequest,
} from "../../../shared/protocol/people/accounts.ts";
import * as part from "./parts.ts";

/** Paths about accounts of operators. */
export function accountPaths(): ZodOpenApiPathsObject {
  return {
    "/api/operator/sign-in": { post: signIn },
    "/api/operator/sign-in/factor": { post: showFactor },
    "/api/operator/sign-out": { post: signOut },
    "/api/operator/links": { post: lookAtLink },
    "/api/operator/sessions": { get: readSessions, delete: endOthers },
    "/api/operator/sessions/{id}": { delete: endOne },
    "/api/operator/password": { put: changePassword },
    "/api/operator/factor": { post: setUpFactor },
    "/api/operator/factor/confirm": { post: confirmFactor },
    "/api/operator/factor/backup-codes": { post: renewBackupCodes },
    "/api/operator/factor/remove": { post: removeFactor },
    "/api/operator/operators/{id}": { delete: removeOperator },
    "/api/operator/operators/{id}/role": { put: changeRole },
    "/api/operator/invitations": { get: readInvitations, post: invite },
    "/api/operator/invitations/{id}": { delete: withdraw },
  };
}

const tags = ["Accounts"];
/** Answers only pages of the console, which need no credentials for it. */
const common = { tags, security: part.open };
const own = { tags, security: part.withSession };

const problemsOfSignIn = part.problems(
  "invalid-request",
  "sign-in-failed",
  "https-required",
  "account-exists",
  "link-ended",
  "rate-limited",
  "internal",
  "unavailable",
  ...part.bodyProblems,
);
const problemsOfOwn = part.problems(...part.operatorProblems, "session-required", "origin-not-allowed");

const signIn: ZodOpenApiOperationObject = {
  ...common,
  operationId: "signIn",
  summary: "Begin a session, by a password or by a one-time link",
  description:
    "The answer sets the session's cookie: `__Host-parley_session` over HTTPS, `parley_session` on localhost. A session that the " +
    "browser had ends. What was wrong is not said. Ten failures of an address in a quarter of an hour, or a hundred of an " +
    "account in an hour, and further ones are refused.",
  requestBody: { required: true, content: { "application/json": { schema: signInRequest } } },
  responses: { "200": part.json("Signed in", signInAnswer), ...problemsOfSignIn },
};

const showFactor: ZodOpenApiOperationObject = {
  ...common,
  operationId: "showSecondFactor",
  summary: "Complete a sign-in by its second factor",
  description:
    "Within ten minutes after the password, which has set a cookie for it. A code is good once. After ten wrong ones in a row, " +
    "the factor is locked for a quarter of an hour.",
  requestBody: { required: true, content: { "application/json": { schema: factorRequest } } },
  responses: { "200": part.json("Signed in", signInAnswer), ...problemsOfSignIn },
};

const signOut: ZodOpenApiOperationObject = {
  ...common,
  operationId: "signOut",
  summary: "End this session",
  responses: {
    "204": part.empty("There is no session, or no more"),
    ...part.problems("origin-not-allowed", "internal", "unavailable"),
  },
};

const lookAtLink: ZodOpenApiOperationObject = {
  ...common,
  operationId: "lookAtLink",
  summary: "What a one-time link is for; it can still be used",
  requestBody: { required: true, content: { "application/json": { schema: linkRequest } } },
  responses: { "200": part.json("What it is for", linkView), ...problemsOfSignIn },
};

const readSessions: ZodOpenApiOperationObject = {
  ...own,
  operationId: "readSessions",
  summary: "Your sessions, the last used first",
  responses: { "200": part.json("Sessions that have not ended", sessionList), ...problemsOfOwn },
};

const endOthers: ZodOpenApiOperationObject = {
  ...own,
  operationId: "endOtherSessions",
  summary: "End all your sessions but this one",
  responses: { "204": part.empty("They have ended"), ...problemsOfOwn },
};

const endOne: ZodOpenApiOperationObject = {
  ...own,
  operationId: "endSession",
  summary: "End one of your sessions",
  requestParams: { path: z.object({ id: z.uuid().meta({ description: "A session's id" }) }) },
  responses: { "204": part.empty("It has ended"), ...problemsOfOwn },
};

const changePassword: ZodOpenApiOperationObject = {
  ...own,
  operationId: "changePassword",
  summary: "Change your password",
  description: "Your other sessions end.",
  requestBody: { required: true, content: { "application/json": { schema: passwordRequest } } },
  responses: {
    "204": part.empty("Changed"),
    ...part.problems(...part.operatorProblems, "sign-in-failed", "session-required", ...part.bodyProblems),
  },
};

const problemsOfFactor = part.problems(
  ...part.operatorProblems,
  "sign-in-failed",
  "session-required",
  "factor-exists",
  ...part.bodyProblems,
);
const withPassword = { required: true, content: { "application/json": { schema: presentPasswordRequest } } };

const setUpFactor: ZodOpenApiOperationObject = {
  ...own,
  operationId: "setUpFactor",
  summary: "Begin to set up a second factor: codes of an authenticator app",
  requestBody: withPassword,
  responses: { "200": part.json("It counts once it is confirmed", factorSetup), ...problemsOfFactor },
};

const confirmFactor: ZodOpenApiOperationObject = {
  ...own,
  operationId: "confirmFactor",
  summary: "Confirm the second factor by a code of it",
  description: "From now on a password alone begins no session. Your other sessions end; this one gets another cookie.",
  requestBody: { required: true, content: { "application/json": { schema: codeRequest } } },
  responses: { "204": part.empty("It counts"), ...problemsOfFactor },
};

const renewBackupCodes: ZodOpenApiOperationObject = {
  ...own,
  operationId: "renewBackupCodes",
  summary: "Make new backup codes; the old ones end",
  requestBody: withPassword,
  responses: { "200": part.json("The codes", backupCodeList), ...problemsOfFactor },
};

const removeFactor: ZodOpenApiOperationObject = {
  ...own,
  operationId: "removeFactor",
  summary: "Remove your second factor",
  requestBody: withPassword,
  responses: { "204": part.empty("There is none"), ...problemsOfFactor },
};

const ofTeam = { tags, security: part.asOperatorOfApi, "x-role": "admin" } as const;
const operatorId = { path: z.object({ id: z.uuid().meta({ description: "An operator's id" }) }) };

const removeOperator: ZodOpenApiOperationObject = {
  ...ofTeam,
  operationId: "removeOperator",
  summary: "Remove an operator who leaves",
  description:
    "For admins. Sessions, keys and account end, and conversations that the operator has go back to the queue. The name stays " +
    "beside what they wrote. The last admin with an account stays.",
  requestParams: operatorId,
  responses: {
    "204": part.empty("They have left"),
    ...part.problems(...part.operatorProblems, "last-admin", "not-removable", "origin-not-allowed"),
  },
};

const changeRole: ZodOpenApiOperationObject = {
  ...ofTeam,
  operationId: "changeRole",
  summary: "Give an operator another role",
  description:
    "For admins. Sessions and keys of the operator have it within a second. Conversations of one who is a reader now go back to " +
    "the queue. The last admin with an account stays one.",
  requestParams: operatorId,
  requestBody: { required: true, content: { "application/json": { schema: roleRequest } } },
  responses: {
    "204": part.empty("They have this role"),
    ...part.problems(...part.operatorProblems, "last-admin", "role-fixed", ...part.bodyProblems),
  },
};

const invite: ZodOpenApiOperationObject = {
  ...ofTeam,
  operationId: "inviteOperator",
  summary: "Make a link that makes an account, once",
  description:
    "For admins. The link is sent by mail where the service sends mail, else it is shown this once. An earlier one for the same " +
    "address ends.",
  requestBody: { required: true, content: { "application/json": { schema: inviteRequest } } },
  responses: {
    "201": part.json("The invitation", invitation),
    ...part.problems(...part.operatorProblems, "account-exists", "no-mail", ...part.bodyProblems),
  },
};

const readInvitations: ZodOpenApiOperationObject = {
  ...ofTeam,
  operationId: "readInvitations",
  summary: "Open invitations",
  description: "For admins. No link is in it: they are not kept.",
  responses: { "200": part.json("Open invitations", invitationList), ...part.problems(...part.operatorProblems) },
};

const withdraw: ZodOpenApiOperationObject = {
  ...ofTeam,
  operationId: "withdrawInvitation",
  summary: "Withdraw an invitation",
  description: "For admins. Its link opens nothing from now on.",
  requestParams: { path: z.object({ id: z.uuid().meta({ description: "An invitation's id" }) }) },
  responses: {
    "204": part.empty("It is withdrawn"),
    ...part.problems(...part.operatorProblems, "origin-not-allowed"),
  },
};
