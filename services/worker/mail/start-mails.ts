import type { WorkerContext } from "../worker-context.ts";

/**
 * Starts sending mails, if there is a server for them. What sends them is loaded then alone.
 * @returns a function that stops it, after the mails in progress
 */
export async function startMails(context: WorkerContext): Promise<() => Promise<void>> {
  const { SMTP_URL } = context.config;
  if (SMTP_URL === undefined) return async () => undefined;
  const { sendMails } = await import("./send-mails.ts");
  return sendMails(context, SMTP_URL);
}

/** Notes the mails that are to be sent, if there is a server for them. */
export async function noteDueMails({ config, db }: WorkerContext): Promise<void> {
  if (config.SMTP_URL === undefined) return;
  const { noteMails } = await import("../../../shared/db/mail/mail-causes.ts");
  await noteMails(db.pool);
}
