import { type AlertChannel, type AlertMessage, type ChannelOptions, linesOf, titleOf } from "../channel.ts";

/** What a transport sends; the shape that Nodemailer's `sendMail` takes. */
export interface Email {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** Bare, without angle brackets around it; the same each time that a message is sent again. */
  readonly messageId: string;
}

/** Options of {@linkcode emailChannel}. */
export interface EmailChannelOptions extends ChannelOptions {
  readonly from: string;
  readonly to: string;
  /** Sends it: `(email) => transporter.sendMail(email)`, with Nodemailer. */
  readonly transport: (email: Email, signal: AbortSignal) => Promise<unknown>;
}

const MOST_SUBJECT = 200;

/** A mail, plain text, by a transport of yours. */
export function emailChannel(options: EmailChannelOptions): AlertChannel {
  const { name = "email", from, to, transport, ...rest } = options;
  return {
    ...rest,
    name,
    send: async (message: AlertMessage, signal) => {
      // a line break would begin a header of somebody else's choice
      const subject = titleOf(message)
        .replace(/\p{Cc}+/gu, " ")
        .slice(0, MOST_SUBJECT);
      const page = message.source.url ? ["", message.source.url] : [];
      const text = [...linesOf(message), ...page].join("\n");
      await transport({ from, to, subject, text, messageId: `${message.id}@demi-health` }, signal);
    },
  };
}
