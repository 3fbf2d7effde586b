/** Header in which an embedding site identifies its visitor; see `identityClaims`. */
export const identityHeader = "X-Parley-Identity";

/**
 * Header of a first message: proof that the visitor's browser solved a bot challenge, where the service requires one.
 */
export const challengeHeader = "X-Parley-Challenge";

/** Header of an answer that brings a conversation's token, where its body has no place for one. */
export const tokenHeader = "X-Parley-Token";
