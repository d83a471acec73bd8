import { request } from "undici";
import { ChannelError } from "../channel.ts";

const MOST_ANSWER = 2000;

/** Where and how to send. */
export interface Post {
  readonly channel: string;
  readonly url: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
}

/** @throws {TypeError} If `url` is no address of a web server. */
export function checkUrl(channel: string, url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "https:" || parsed?.protocol === "http:") return url;
  throw new TypeError(
    `Cannot make channel ${channel}: 'url' must be an http or https URL, got ${url.slice(0, 12)}…`,
  );
}

/** Sends JSON, or a text as it is. */
export async function post({ channel, url, body, headers = {}, signal }: Post): Promise<void> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await request(url, {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json", ...headers },
    signal,
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new ChannelError(channel, reasonOf(cause), { cause });
  });
  const { statusCode: status } = response;
  const answer = (await response.body.text().catch(() => "")).slice(0, MOST_ANSWER);
  if (status >= 200 && status < 300) return;
  // what the receiver cannot take now it may take later; what it does not understand it never will
  const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
  const retryAfterMs = retryAfter(response.headers["retry-after"]);
  const said = answer.replace(/\s+/g, " ").slice(0, 200);
  throw new ChannelError(channel, `answered ${status}${said ? ` ${said}` : ""}`, {
    status,
    isFinal,
    retryAfterMs,
  });
}

function retryAfter(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && seconds >= 0 ? Math.min(seconds, 3600) * 1000 : undefined;
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
