import { describeError } from "../../shared/describe-error.ts";
import { openMailTransport } from "../../shared/mail/mail-transport.ts";
import { fault, type Finding, ok } from "./findings.ts";

/** Limit for the whole check, and for each step of it. */
const answerMs = 10_000;

/** Fixes, by the code of nodemailer's error. */
const fixes: Readonly<Record<string, string>> = {
  EDNS: "check the host of SMTP_URL",
  ECONNECTION: "check host and port of SMTP_URL, and that a firewall lets this machine there",
  ETIMEDOUT: "check host and port of SMTP_URL, and that a firewall lets this machine there",
  ESOCKET:
    "check host, port and scheme of SMTP_URL (smtps:// is TLS from the start, smtp:// STARTTLS), and the server's certificate",
  ETLS: "check the server's certificate; a server without TLS gets no password, unless SMTP_URL ends in ?requireTLS=false",
  EAUTH: "check user and password of SMTP_URL; some servers want a password of their own for programs",
};

/** Signs in to the mail server, if there is one, and sends nothing. */
export async function checkMail(SMTP_URL: string, limitMs = answerMs): Promise<Finding[]> {
  const { host, protocol, username } = new URL(SMTP_URL);
  const limits = {
    dnsTimeout: limitMs,
    connectionTimeout: limitMs,
    greetingTimeout: limitMs,
    socketTimeout: limitMs,
  };
  const began = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeout(limitMs)), limitMs);
  });
  try {
    await Promise.race([openMailTransport(SMTP_URL, limits).verify(), tooLong]);
    const ms = Math.round(performance.now() - began);
    const how = `${protocol}//${username === "" ? ", without signing in," : ""}`;
    return [ok(`${host} takes mails by ${how} in ${ms} ms`)];
  } catch (error) {
    const { code = "" } = error as { code?: string };
    return [fault(`${host}: ${describeError(error)}`, fixes[code] ?? "check SMTP_URL")];
  } finally {
    clearTimeout(timer);
  }
}

function timeout(limitMs: number): Error {
  return Object.assign(new Error(`no answer within ${limitMs / 1000} s`), { code: "ETIMEDOUT" });
}
