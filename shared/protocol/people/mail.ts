import { z } from "zod";

/** States of a mail, as `docs/people.md` explains them. */
export const mailState = z.enum(["due", "sent", "refused", "unknown", "expired", "needless", "stopped", "limited"]);

/** Body of `POST /api/conversations/{id}/seen`. */
export const visitorSeenRequest = z
  .object({ messageId: z.uuid("must be a message's id").meta({ description: "The newest message that is shown" }) })
  .meta({ id: "VisitorSeenRequest" });

/** Body of `POST /api/mail/open`. */
export const openByMailRequest = z
  .object({ token: z.string().min(1).max(2000).meta({ description: "`t` of the link in the mail" }) })
  .meta({ id: "OpenByMailRequest" });

/** Answer of it. */
export const openedByMail = z
  .object({
    conversationId: z.uuid(),
    assistantType: z.string(),
    token: z.string().meta({ description: "The conversation's token" }),
  })
  .meta({ id: "OpenedByMail" });
export type OpenedByMail = z.output<typeof openedByMail>;
