import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";

/** Mail that the server has taken from a client, whether or not the client heard so. */
export interface ReceivedMail {
  to: string;
  messageId: string;
  /** Headers and text as they were sent. */
  raw: string;
}

/**
 * Behaviour towards one mail: `take` it; refuse the recipient or the text, with an SMTP status; `drop` the connection
 * when the text is asked for, or after it was taken; `hang` after it was taken, until the client gives up.
 */
export type Behaviour =
  | "take"
  | "drop-before-text"
  | "drop-after-text"
  | "hang-after-text"
  | { refuseRecipient: number }
  | { refuseText: number };

/** A mail server on a free port of this machine, which behaves as a test says. */
export interface SmtpPeer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly ReceivedMail[];
  /** Asked for each mail, at its recipient. */
  behave: (to: string) => Behaviour;
}

export async function startSmtpPeer(): Promise<SmtpPeer> {
  const received: ReceivedMail[] = [];
  const sockets = new Map<number, Socket>();
  const behaviours = new Map<string, Behaviour>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    closeTimeout: 100,
    onRcptTo({ address }, session, done) {
      const behaviour = peer.behave(address);
      behaviours.set(session.id, behaviour);
      const refused = typeof behaviour === "object" && "refuseRecipient" in behaviour;
      done(refused ? statusError(behaviour.refuseRecipient) : null);
    },
    onData(stream, session, done) {
      const behaviour = behaviours.get(session.id) ?? "take";
      if (behaviour === "drop-before-text") return void sockets.get(session.remotePort)?.destroy();
      const take = (raw: string) => {
        if (typeof behaviour === "object")
          return done(statusError("refuseText" in behaviour ? behaviour.refuseText : 550));
        const [, messageId = ""] = /^Message-ID: *(\S+)/im.exec(raw) ?? [];
        received.push({ to: session.envelope.rcptTo[0]?.address ?? "", messageId, raw });
        if (behaviour === "drop-after-text") sockets.get(session.remotePort)?.destroy();
        else if (behaviour === "take") done();
      };
      // A client that gives up in the middle of the text has sent no mail.
      text(stream).then(take, () => undefined);
    },
  });
  server.on("error", () => undefined);
  server.server.on("connection", (socket) => {
    const { remotePort = 0 } = socket;
    sockets.set(remotePort, socket);
    socket.once("close", () => sockets.delete(remotePort));
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const peer: SmtpPeer = {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    received,
    behave: () => "take",
    [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())),
  };
  return peer;
}

function statusError(responseCode: number): Error {
  return Object.assign(new Error("refused by the test"), { responseCode });
}
