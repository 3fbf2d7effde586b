import { Readable } from "node:stream";
import type { Config } from "../../../shared/config/config.ts";
import { openMailTransport } from "../../../shared/mail/mail-transport.ts";

/** A mail as it is sent. */
export interface Letter {
  id: string;
  to: string;
  subject: string;
  text: string;
  /** Stops further mails at a `POST`, without a page (RFC 8058). */
  stopUrl: string;
}

export type Delivery =
  /** The server has it. */
  | { type: "sent" }
  /** The server refuses this mail for good. */
  | { type: "refused"; fault: DeliveryFault }
  /** To be tried again. `mayHaveArrived`: the text was on its way, and no answer came. */
  | { type: "later"; mayHaveArrived: boolean; fault: DeliveryFault };

/** Fault without the server's own words, in which the address may stand. */
export interface DeliveryFault {
  code: string | undefined;
  /** SMTP status; absent if the server did not answer. */
  status: number | undefined;
  command: string | undefined;
}

/** A fault in a few words, like `550 at RCPT TO` or `ECONNECTION at CONN`. */
export function describeDeliveryFault({ code, status, command }: DeliveryFault): string {
  return [status ?? code ?? "no answer", ...(command === undefined ? [] : [`at ${command}`])].join(" ");
}

export interface MailServer {
  /**
   * Never throws for what a server does.
   * @param beforeText runs when the server has accepted the envelope, before it is given the text; if it throws, the
   *   text is not given
   */
  deliver(letter: Letter, options: { beforeText: () => Promise<void>; signal: AbortSignal }): Promise<Delivery>;
}

/** Times of the steps. A signal bounds the whole. */
const limits = {
  dnsTimeout: 10_000,
  connectionTimeout: 15_000,
  greetingTimeout: 30_000,
  socketTimeout: 60_000,
} as const;

/** Opens a connection for each mail: they are few. */
export function openMailServer({
  SMTP_URL,
  MAIL_FROM,
}: Required<Pick<Config, "MAIL_FROM">> & { SMTP_URL: string }): MailServer {
  const from = MAIL_FROM ?? "";
  const domain = /@([^<>@\s]+)>?$/.exec(from)?.[1];
  return {
    async deliver({ id, to, subject, text, stopUrl }, { beforeText, signal }) {
      let given = false;
      const transport = openMailTransport(SMTP_URL, limits);
      transport.use("stream", (mail, done) => {
        // Read when the server asks for the text.
        mail.message.processFunc((source) => Readable.from(giveText(source)));
        done();
      });
      async function* giveText(source: Readable): AsyncGenerator<Buffer> {
        await beforeText();
        given = true;
        yield* source as AsyncIterable<Buffer>;
      }
      try {
        await transport.sendMail({
          from,
          to,
          subject,
          text,
          messageId: `<${id}@${domain}>`,
          headers: {
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": `<${stopUrl}>`,
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
          },
          signal,
        });
        return { type: "sent" };
      } catch (error) {
        return judge(error, given);
      }
    },
  };
}

/**
 * A refusal for good concerns the mail only if it answers the recipient or the text: at any other step, such as signing
 * in, it is our configuration or the server that must change.
 */
function judge(error: unknown, given: boolean): Delivery {
  const { code, responseCode, command } = error as { code?: string; responseCode?: number; command?: string };
  const answered = responseCode !== undefined && responseCode >= 400;
  const fault = { code, status: answered ? responseCode : undefined, command };
  const aboutMail = command === "RCPT TO" || command === "DATA";
  // Without a server's word: the address cannot be written into an envelope.
  const unfit = command === "API" && code === "EENVELOPE";
  if (unfit || (aboutMail && answered && responseCode >= 500 && responseCode !== 503))
    return { type: "refused", fault };
  return { type: "later", mayHaveArrived: given && !answered, fault };
}
