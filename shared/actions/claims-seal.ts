import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Claims } from "../assistants/tools/identity-parameters.ts";

const algorithm = "aes-256-gcm";
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

const sealable = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/**
 * Seals claims of a visitor's identity on their way from the API to the worker: AES-256-GCM, bound to their job, under a
 * key that API and workers derive from the same secret.
 */
export class ClaimsSeal {
  readonly #key: Buffer;

  /** @param secret `SECRETS_KEY`, or the one that is kept in the database */
  constructor(secret: string) {
    this.#key = Buffer.from(hkdfSync("sha256", secret, "", "parley: claims of a visitor's identity", keyBytes));
  }

  seal(jobId: string, claims: z.input<typeof sealable>): Buffer {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, this.#key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(jobId));
    const text = Buffer.concat([cipher.update(JSON.stringify(claims), "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]);
  }

  /** @returns `undefined` if they were sealed under another key, or for another job */
  open(jobId: string, sealed: Buffer): Claims | undefined {
    try {
      const iv = sealed.subarray(0, ivBytes);
      const decipher = createDecipheriv(algorithm, this.#key, iv, { authTagLength: tagBytes })
        .setAAD(Buffer.from(jobId))
        .setAuthTag(sealed.subarray(ivBytes, ivBytes + tagBytes));
      const text = Buffer.concat([decipher.update(sealed.subarray(ivBytes + tagBytes)), decipher.final()]);
      return sealable.parse(JSON.parse(text.toString("utf8")));
    } catch {
      return undefined;
    }
  }
}
