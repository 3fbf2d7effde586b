import type { Connection, Pool, Submittable } from "pg";

/** Signature of a binary copy, its flags, and the length of an extension that no version has. */
const headerBytes = 19;
/** Bytes that a copy has room for before it grows. */
const firstBytes = 1 << 18;
/** Number of columns that marks the end, and the length that marks a null. */
const none = -1;

/**
 * Reads rows by `copy`, in binary form. `pg` reads all other values as text, in which bytes are twice as long and are decoded
 * one value at a time: for large values, that takes three times as long.
 * @param select SQL with all values in it, as `copy` takes no parameters
 * @param read makes a row of its columns; their bytes may be kept
 */
export async function copyRows<Row>(pool: Pool, select: string, read: (row: BinaryRow) => Row): Promise<Row[]> {
  const client = await pool.connect();
  let isBroken = true;
  try {
    const copy = new CopyOut(`copy (${select}) to stdout (format binary)`);
    client.query(copy);
    const row = new BinaryRow(await copy.copied);
    isBroken = false;
    const rows: Row[] = [];
    while (row.next()) rows.push(read(row));
    return rows;
  } finally {
    // After a timeout, the rest of the copy would still arrive.
    client.release(isBroken);
  }
}

/** A row of a copy: one object for all of them. Columns count from 0. */
export class BinaryRow {
  readonly #copied: Buffer;
  #at = headerBytes;
  #begins: number[] = [];
  #ends: number[] = [];

  constructor(copied: Buffer) {
    this.#copied = copied;
  }

  /** Goes to the next row. @returns false after the last one */
  next(): boolean {
    const columns = this.#copied.readInt16BE(this.#at);
    if (columns === none) return false;
    this.#at += 2;
    for (let column = 0; column < columns; column++) {
      const length = this.#copied.readInt32BE(this.#at);
      if (length === none) throw new TypeError(`copy: column ${column} is null`);
      this.#begins[column] = this.#at + 4;
      this.#at = this.#ends[column] = this.#at + 4 + length;
    }
    return true;
  }

  bytes(column: number): Buffer {
    return this.#copied.subarray(this.#begins[column], this.#ends[column]);
  }

  text(column: number): string {
    return this.#copied.toString("utf8", this.#begins[column], this.#ends[column]);
  }

  /** A `bigint`, in digits as statements return it. */
  bigint(column: number): string {
    return `${this.#copied.readBigInt64BE(this.#begins[column])}`;
  }
}

/** Collects what a `copy` sends. The methods are those that `pg` calls. */
class CopyOut implements Submittable {
  readonly #text: string;
  readonly #done = Promise.withResolvers<Buffer>();
  #data = Buffer.allocUnsafe(firstBytes);
  #used = 0;
  /** Called at the end. `pg` puts its timeout around it. */
  callback = (error: Error | null): void => {
    if (error) this.#done.reject(error);
    else this.#done.resolve(this.#data.subarray(0, this.#used));
  };

  constructor(text: string) {
    this.#text = text;
  }

  get copied(): Promise<Buffer> {
    return this.#done.promise;
  }

  submit(connection: Connection): void {
    connection.query(this.#text);
  }

  /** Copies the chunk: `pg` uses its memory again. */
  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.#used + chunk.length > this.#data.length) {
      const grown = Buffer.allocUnsafe((this.#used + chunk.length) * 2);
      this.#data.copy(grown, 0, 0, this.#used);
      this.#data = grown;
    }
    this.#used += chunk.copy(this.#data, this.#used);
  }

  handleCommandComplete(): void {
    // The connection is free once it is ready for a query.
  }

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}
