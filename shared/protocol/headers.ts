/** With which an embedding site says who its visitor is; see `identityClaims`. */
export const identityHeader = "X-Parley-Identity";

/** On a first message: what the visitor's browser got for solving a bot challenge, where the service wants one. */
export const challengeHeader = "X-Parley-Challenge";
