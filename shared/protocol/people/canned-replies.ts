import { z } from "zod";
import { messageText } from "../submit.ts";

/** Canned replies of a site at most. */
export const maxCannedReplies = 500;
const maxChars = 10_000;

/** Name by which a canned reply is typed: letters, digits, `-` and `_`, in lower case. */
export const cannedShortcut = z
  .string()
  .transform((text) => text.normalize("NFC").toLowerCase())
  .pipe(z.string().regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,39}$/u, "must be 1 to 40 letters, digits, - or _"));

/** Body of `PUT /api/operator/canned-replies/{shortcut}`. */
export const cannedReplyRequest = z.object({ text: messageText(maxChars) }).meta({ id: "CannedReplyRequest" });

export const cannedReply = z.object({ shortcut: z.string(), text: z.string() }).meta({ id: "CannedReply" });
export type CannedReply = z.output<typeof cannedReply>;

/** Answer of `GET /api/operator/canned-replies`. */
export const cannedReplies = z.object({ replies: z.array(cannedReply) }).meta({ id: "CannedReplies" });
