/** Scales a vector to length 1, so that a dot product is the cosine. One without a direction becomes all zeros. */
export function normalize(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const number of vector) sum += number * number;
  const length = Math.sqrt(sum);
  return vector.map((number) => (length > 0 && Number.isFinite(length) ? number / length : 0));
}

/** Packs a vector as half-precision floats, little-endian: half the bytes, and a cosine that is off by 0.001 at most. */
export function packVector(vector: Float32Array): Buffer {
  return Buffer.from(Float16Array.from(vector).buffer);
}

/** One bit for each number, as PostgreSQL reads bits: 1 if it is positive. */
function toBitCode(vector: Iterable<number>): string {
  let code = "";
  for (const number of vector) code += number > 0 ? "1" : "0";
  return code;
}

/** The same bits in bytes, as PostgreSQL sends them. */
export function toCodeBytes(vector: Float32Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(vector.length / 8));
  for (const [at, number] of vector.entries())
    if (number > 0) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (0x80 >> (at & 7));
  return bytes;
}

/** Code of a packed vector. */
export function codeOfPacked(packed: Buffer): string {
  return toBitCode(unpack(packed));
}

/** Cosine of a vector of length 1 and a packed one; -1 if they are of different lengths. */
export function cosine(vector: Float32Array, packed: Buffer): number {
  if (packed.length !== vector.length * 2) return -1;
  const other = unpack(packed);
  let sum = 0;
  for (let at = 0; at < vector.length; at++) sum += (vector[at] ?? 0) * (other[at] ?? 0);
  return sum;
}

function unpack(packed: Buffer): Float16Array {
  // A copy, as the bytes of a row may begin at an odd address.
  return new Float16Array(new Uint8Array(packed).buffer);
}
