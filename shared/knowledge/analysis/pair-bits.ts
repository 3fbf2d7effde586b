/** Size of the set of a passage's word pairs: 1,024 bits, of which 150 words set an eighth. */
export const pairBytes = 128;

/** Marks two neighbouring words. The set says "perhaps" of other pairs, too, so it only raises what matches already. */
export function setPairBit(bits: Uint8Array, first: string, second: string): void {
  const bit = pairBit(first, second);
  bits[bit >> 3] = (bits[bit >> 3] ?? 0) | (1 << (bit & 7));
}

/** Place of a pair in the set. */
export function pairBit(first: string, second: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let at = 0; at < first.length; at++) hash = Math.imul(hash ^ first.charCodeAt(at), 0x01_00_01_93);
  hash = Math.imul(hash ^ 0x20, 0x01_00_01_93);
  for (let at = 0; at < second.length; at++) hash = Math.imul(hash ^ second.charCodeAt(at), 0x01_00_01_93);
  // The low bits of this hash (FNV-1a) repeat with those of the letters: the upper half is mixed in.
  return (hash ^ (hash >>> 15) ^ (hash >>> 24)) & (pairBytes * 8 - 1);
}
