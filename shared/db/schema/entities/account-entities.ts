import { defineEntity, p } from "@mikro-orm/core";
import type { OperatorRole } from "../../../protocol/operator.ts";
import { defaultSite } from "../../../sites/default-site.ts";
import { bytes, time } from "./entity-columns.ts";
import { Operator } from "./voice-entities.ts";

/** Tables about accounts of operators. better-auth writes all of them but the links; see `services/api/accounts`. */

const ofOperator = () => p.manyToOne(Operator).deleteRule("cascade").updateRule("no action");

/** A password of an operator, as a hash. */
const OperatorCredential = defineEntity({
  name: "OperatorCredential",
  tableName: "operator_credentials",
  properties: {
    id: p.uuid().primary(),
    operator: ofOperator,
    accountId: p.text(),
    /** Always `credential`: accounts of other services are not used. */
    providerId: p.text(),
    password: p.text().nullable(),
    createdAt: time().defaultRaw("now()"),
    updatedAt: time().defaultRaw("now()"),
  },
  uniques: [{ name: "operator_credentials_of_operator", properties: ["operator", "providerId"] }],
});

/** A browser in which an operator is signed in. The row ends with the session. */
const OperatorSession = defineEntity({
  name: "OperatorSession",
  tableName: "operator_sessions",
  properties: {
    id: p.uuid().primary(),
    operator: ofOperator,
    /** SHA-256 of the token in the cookie. */
    token: p.text().unique("operator_sessions_token"),
    expiresAt: time(),
    ipAddress: p.text().nullable(),
    userAgent: p.text().nullable(),
    createdAt: time().defaultRaw("now()"),
    updatedAt: time().defaultRaw("now()"),
    /** By the database's clock, like the next: the limits of a session count from these two. */
    beganAt: time().defaultRaw("now()"),
    seenAt: time().defaultRaw("now()"),
    /** Fingerprint of the configured password with which it began; the session ends with that password. */
    credential: p.text().nullable(),
  },
  indexes: [
    { name: "operator_sessions_of_operator", properties: ["operator"] },
    { name: "operator_sessions_seen_at", properties: ["seenAt"] },
  ],
});

/** Second factor of an operator: secret and backup codes, encrypted. */
const OperatorTwoFactor = defineEntity({
  name: "OperatorTwoFactor",
  tableName: "operator_two_factors",
  properties: {
    id: p.uuid().primary(),
    operator: () =>
      p
        .oneToOne(Operator)
        .owner()
        .deleteRule("cascade")
        .updateRule("no action")
        .unique("operator_two_factors_of_operator"),
    secret: p.text(),
    backupCodes: p.text(),
    verified: p.boolean().default(true),
    failedVerificationCount: p.integer().default(0),
    lockedUntil: time().nullable(),
  },
});

/** A sign-in that waits for its second factor. */
const OperatorVerification = defineEntity({
  name: "OperatorVerification",
  tableName: "operator_verifications",
  properties: {
    id: p.uuid().primary(),
    identifier: p.text(),
    value: p.text(),
    expiresAt: time(),
    createdAt: time().defaultRaw("now()"),
    updatedAt: time().defaultRaw("now()"),
  },
  indexes: [
    { name: "operator_verifications_identifier", properties: ["identifier"] },
    { name: "operator_verifications_expires_at", properties: ["expiresAt"] },
  ],
});

/** A link that opens an account once: an invitation, a new password, or a session. The token itself is not kept. */
export const OperatorLink = defineEntity({
  name: "OperatorLink",
  tableName: "operator_links",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    purpose: p.text().$type<"invitation" | "reset" | "sign-in">(),
    /** SHA-256 of the token. */
    tokenHash: bytes().unique("operator_links_token_hash_unique"),
    /** Likewise, of an earlier copy of the same mail, which may have arrived: each copy has a token of its own. */
    earlierTokenHash: bytes().nullable(),
    /** Null for an invitation: its operator is added when it is used. */
    operator: () => p.manyToOne(Operator).deleteRule("cascade").updateRule("no action").nullable(),
    email: p.text().nullable(),
    name: p.text().nullable(),
    role: p.text().$type<OperatorRole>().nullable(),
    madeBy: p.uuid().nullable(),
    createdAt: time().defaultRaw("now()"),
    endsAt: time(),
    usedAt: time().nullable(),
  },
  indexes: [{ name: "operator_links_ends_at", properties: ["endsAt"] }],
  checks: [
    { name: "operator_links_purpose", expression: "purpose in ('invitation', 'reset', 'sign-in')" },
    { name: "operator_links_role", expression: "role in ('admin', 'operator', 'reader')" },
  ],
});

export const accountEntities = [
  OperatorCredential,
  OperatorSession,
  OperatorTwoFactor,
  OperatorVerification,
  OperatorLink,
];
