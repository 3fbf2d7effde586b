import { createTransport } from "nodemailer";

/** Limits of the steps of a session, in milliseconds. */
interface StepLimits {
  dnsTimeout: number;
  connectionTimeout: number;
  greetingTimeout: number;
  socketTimeout: number;
}

/**
 * Opens SMTP to the server of `SMTP_URL`. Credentials are not given over a connection that anybody can read;
 * `?requireTLS=false` in the URL allows it.
 */
export function openMailTransport(SMTP_URL: string, limits: StepLimits) {
  return createTransport({
    url: SMTP_URL,
    requireTLS: new URL(SMTP_URL).password !== "",
    socketCloseTimeout: 0,
    maxResponseSize: 64 * 1024,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...limits,
  });
}
