import type { Config } from "../../../shared/config/config.ts";
import { isDatabaseAway } from "../../../shared/postgres/database-away.ts";
import { admitMail } from "../../../shared/db/mail/mail-addresses.ts";
import {
  claimMails,
  type ClaimedMail,
  endMail,
  noteHanded,
  noteHandedInvitation,
  putOffMail,
  readAddressee,
} from "../../../shared/db/mail/outbox.ts";
import { hashAddress, readMailKey, signOpenToken, signStopToken } from "../../../shared/mail/mail-tokens.ts";
import { addressOfLink, makeOneTimeLink } from "../../../shared/accounts/one-time-link.ts";
import { mailExpiryMs, sendMailMs } from "../../../shared/tunables.ts";
import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import { pause } from "../../../shared/async/pause.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import type { WorkerContext } from "../worker-context.ts";
import {
  type Delivery,
  type DeliveryFault,
  describeDeliveryFault,
  type Letter,
  type MailServer,
  openMailServer,
} from "./mail-server.ts";
import { writeMail } from "./write-mail.ts";

/** Mails that a worker sends at once. A server that hangs holds up these, and nothing else. */
const lanes = 4;
const everyMs = 5000;
/** Time that mails being sent have at a shutdown. One that is cut off may arrive twice. */
const lastMs = 5000;
/** A text that twice may have arrived is not given a third time. */
const maxHanded = 2;
/** Tries to record that a server has a mail, a second apart. */
const recordTries = 5;

const minute = 60_000;
/**
 * Delays after refusals that may pass; the last one repeats. Many servers refuse an unknown sender for one to five minutes.
 */
const delaysMs = [1, 5, 15, 60, 180, 360, 720, 1440].map((minutes) => minutes * minute);
/** Maximum delay where no server has answered: when it is back, mails are not to wait for long. */
const longestUnansweredMs = 15 * minute;

type MailContext = Pick<WorkerContext, "db" | "log"> & {
  metrics: Pick<WorkerContext["metrics"], "mailTried">;
  config: Pick<Config, "PUBLIC_URL" | "CONSOLE_URL">;
};

/**
 * Sends mails that are due, apart from everything else that a worker does.
 * @returns a function that stops it
 */
export function sendMails(context: WorkerContext, SMTP_URL: string): () => Promise<void> {
  const server = openMailServer({ SMTP_URL, MAIL_FROM: context.config.MAIL_FROM });
  const [stopping, cut] = [new AbortController(), new AbortController()];
  const sendDue = async () => {
    try {
      while (!stopping.signal.aborted && (await sendNext(context, server, cut.signal)));
    } catch (error) {
      context.log.warn({ err: error }, "mails could not be sent; retrying later");
    }
  };
  const stops = Array.from({ length: lanes }, () => repeat(everyMs, sendDue));
  return async () => {
    stopping.abort();
    const timer = setTimeout(() => cut.abort(), lastMs);
    await Promise.all(stops.map((stop) => stop()));
    clearTimeout(timer);
  };
}

/**
 * Sends the mail that has been due longest.
 * @param cut aborts it, wherever it is
 * @returns false if there is none, or the server did not answer: then a pause is due
 */
export async function sendNext(context: MailContext, server: MailServer, cut?: AbortSignal): Promise<boolean> {
  const { pool } = context.db;
  const [mail] = await claimMails(pool, 1);
  if (!mail) return false;
  const end = (state: Parameters<typeof endMail>[2]) => endWith(context, mail, state);
  if (mail.handed >= maxHanded) return end("unknown");
  if (mail.ageMs > mailExpiryMs) return end("expired");
  const prepared = await prepare(context, mail);
  if (typeof prepared === "string") return end(prepared);
  using limit = new LinkedAbort(...(cut ? [cut] : []));
  limit.abortAfter(sendMailMs);
  const delivery = await server.deliver(prepared.letter, {
    signal: limit.signal,
    beforeText: async () => {
      if (!(await prepared.noteHanded())) throw new Error("the lease on the mail is over");
    },
  });
  if (delivery.type === "sent") return recordSent(context, mail);
  const { fault } = delivery;
  if (delivery.type === "refused") return endWith(context, mail, "refused", fault);
  return tryLater(context, mail, delivery);
}

interface Prepared {
  letter: Letter;
  /** @returns false if the mail may not be given to a server any more */
  noteHanded: () => Promise<boolean>;
}

/** Finds out whether a mail is still to be sent, to whom, and writes it. */
async function prepare({ db, config }: MailContext, mail: ClaimedMail): Promise<Prepared | EndState> {
  const { pool } = db;
  const addressee = await readAddressee(pool, mail.id);
  if (!addressee) return "needless";
  const key = await readMailKey(pool);
  const addressHash = hashAddress(key, addressee.address);
  const { id, siteId, admitted } = mail;
  const admission = await admitMail(pool, { siteId, addressHash, mailId: id, counts: !admitted });
  if (admission !== "admitted") return admission;
  const publicUrl = (config.PUBLIC_URL ?? "").replace(/\/+$/, "");
  const consoleUrl = config.CONSOLE_URL?.replace(/\/+$/, "") ?? publicUrl;
  const stop = `${publicUrl}/mail/stop?t=${await signStopToken(key, addressHash)}`;
  const to = (link: string) => ({
    id,
    to: addressee.address,
    stopUrl: stop,
    ...writeMail(mail, addressee, { link, stop }),
  });
  if (mail.kind === "invitation") {
    const { token, tokenHash } = makeOneTimeLink();
    const letter = to(addressOfLink(consoleUrl, token));
    return { letter, noteHanded: () => noteHandedInvitation(pool, mail, tokenHash) };
  }
  const { conversationId } = mail;
  if (conversationId === null) return "needless";
  const link =
    mail.kind === "answer"
      ? `${publicUrl}/mail/open?t=${await signOpenToken(key, conversationId)}`
      : `${consoleUrl}/console?view=waiting&conversation=${conversationId}`;
  return { letter: to(link), noteHanded: () => noteHanded(pool, mail) };
}

type EndState = Parameters<typeof endMail>[2];

async function endWith(
  { db, log, metrics }: MailContext,
  mail: ClaimedMail,
  state: EndState,
  fault?: DeliveryFault,
): Promise<true> {
  if (!(await endMail(db.pool, mail, state, fault && describeDeliveryFault(fault)))) return true;
  metrics.mailTried(mail.kind, state);
  const about = { mailId: mail.id, kind: mail.kind, tries: mail.tries, ...fault };
  if (state === "unknown") log.warn(about, "a mail may have arrived; it is not sent a third time");
  else if (state === "refused" || state === "expired") log.warn({ ...about, state }, "a mail was not taken");
  else log.debug({ ...about, state }, "a mail has ended");
  return true;
}

/** Records that the server has it. Without the record it would be sent again. */
async function recordSent(context: MailContext, mail: ClaimedMail): Promise<true> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await endWith(context, mail, "sent");
    } catch (error) {
      if (!isDatabaseAway(error) || tries >= recordTries) throw error;
      await pause(1000, AbortSignal.timeout(2000));
    }
  }
}

async function tryLater(
  context: MailContext,
  mail: ClaimedMail,
  { mayHaveArrived, fault }: Extract<Delivery, { type: "later" }>,
): Promise<boolean> {
  const { db, log, metrics } = context;
  const handed = mail.handed + Number(mayHaveArrived);
  if (handed >= maxHanded) return endWith(context, mail, "unknown", fault);
  const answered = fault.status !== undefined;
  const afterRefusal = delaysMs[Math.min(mail.tries, delaysMs.length) - 1] ?? minute;
  const delayMs = answered ? afterRefusal : Math.min(afterRefusal, longestUnansweredMs);
  await putOffMail(db.pool, mail, { delayMs, handed, fault: describeDeliveryFault(fault) });
  metrics.mailTried(mail.kind, "later");
  log.warn({ mailId: mail.id, kind: mail.kind, tries: mail.tries, delayMs, ...fault }, "a mail is tried again later");
  return answered;
}
