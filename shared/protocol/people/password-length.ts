/**
 * Lengths of passwords, in characters. They are long rather than varied (NIST SP 800-63B); the maximum bounds the work of
 * hashing.
 */
export const passwordLength = { min: 12, max: 128 } as const;
