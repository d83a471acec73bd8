import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import type { Outage } from "../_outage.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import type { RateLimits } from "./_rate_limits.ts";
import { readBytes } from "./_rest_body.ts";
import { RestError } from "./_rest_errors.ts";
import { isAbout, isRestFault } from "./_rest_faults.ts";
import { type RestMatch, RestReply, type RestRequest, type RestRouter } from "./_rest_router.ts";
import type { RequestWatch, WatchedOutcome, WatchedRequest } from "./_request_watch.ts";
import type { DiscordFault, DiscordRestFault } from "./discord_faults.ts";

/** What the REST API stands on. */
export interface RestApiOptions {
  readonly token: string;
  readonly router: RestRouter;
  readonly limits: RateLimits;
  readonly watch: RequestWatch;
  readonly outage: Outage;
  readonly faults: FaultInjector<DiscordFault>;
  readonly clock: Clock;
  readonly ledger: ClockLedger;
  readonly onError: (error: unknown) => void;
  /** A request was answered, or reset: then there is no status. The path has no query. */
  readonly onCall: (method: string, path: string, status: number | undefined) => void;
  /** What the request did was done, but its client cannot know what came of it. */
  readonly onLostResponse: (result: unknown) => void;
}

interface Incoming extends RestRequest {
  readonly version: string | undefined;
  readonly identity: string;
}

const RATE_LIMITED = "You are being rate limited.";
const MAX_VERSION = 10;
const MIN_VERSION = 6;

/**
 * The REST API of the bot's side, below `/api/v10`, `/api` or `/v10`: clients differ in which they add.
 *
 * @see https://discord.com/developers/docs/reference
 */
export class RestApi {
  readonly #options: RestApiOptions;

  constructor(options: RestApiOptions) {
    this.#options = options;
  }

  /** Answers a request; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#handle(request, response);
    } catch (error) {
      if (request.destroyed || response.destroyed) return; // its client hung up
      this.#options.onError(error); // a defect of the mock: its owner has to see it, the client gets what Discord gives
      send(response, new RestReply(500, { message: "500: Internal Server Error", code: 0 }));
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { outage, faults } = this.#options;
    const bytes = await readBytes(request);
    const incoming = toIncoming(request, bytes ?? Buffer.alloc(0));
    if (outage.refuseRequest(response)) return this.#end(incoming, { status: 503, isInjected: true });
    const fault = faults.isArmed ? this.#strike(incoming) : undefined;
    if (fault?.kind === "rest-reset") {
      request.socket.resetAndDestroy();
      return this.#end(incoming, { status: undefined, isInjected: true });
    }
    const reply = fault?.kind === "rest-error" ? toErrorReply(fault) : await this.#reply(incoming, bytes);
    if (fault?.kind === "rest-slow") await this.#wait(fault.ms);
    if (fault?.kind === "rest-lost-response") {
      this.#options.onLostResponse(reply.body);
      request.socket.resetAndDestroy();
      return this.#end(incoming, { status: undefined, isInjected: true });
    }
    const isBroken = fault?.kind === "rest-malformed";
    const sent = isBroken ? new RestReply(200, toBroken(reply)) : reply;
    const isSent = send(response, sent);
    if (isBroken || !isSent) this.#options.onLostResponse(reply.body);
    return this.#end(incoming, { status: sent.status, isInjected: fault?.kind === "rest-error" });
  }

  #strike(request: Incoming): DiscordRestFault | undefined {
    const { method, path } = request;
    const applies = (fault: DiscordFault): fault is DiscordRestFault =>
      isRestFault(fault) && isAbout(fault, method, path);
    return this.#options.faults.strike(applies, `${method} ${toTemplate(path)}`);
  }

  #end(request: Incoming, outcome: WatchedOutcome): void {
    const { watch, onCall } = this.#options;
    watch.ended(toWatched(request), outcome);
    onCall(request.method, request.path, outcome.status);
  }

  async #wait(ms: number): Promise<void> {
    const { clock, ledger } = this.#options;
    await ledger.waiting(clock.sleep(ms, { keepAlive: false }));
  }

  /** What the API answers, errors included. */
  async #reply(request: Incoming, bytes: Buffer | undefined): Promise<RestReply> {
    let headers: Readonly<Record<string, string>> = {};
    try {
      if (this.#options.watch.isBanned) return bannedReply();
      const { route, params } = this.#match(request);
      this.#authorize(request, route.isOpen);
      const verdict = this.#options.limits.take({
        ...request,
        pattern: route.pattern,
        isExempt: route.isOpen,
      });
      ({ headers } = verdict);
      const { refused, tooEarlyMs } = verdict;
      if (refused && tooEarlyMs !== undefined) {
        this.#options.watch.tooEarly(toWatched(request), tooEarlyMs, refused.scope);
      }
      if (refused) {
        const { retryAfterSeconds, scope } = refused;
        const body = { message: RATE_LIMITED, retry_after: retryAfterSeconds, global: scope === "global" };
        return new RestReply(429, body, headers);
      }
      if (!bytes) throw new RestError("tooLarge");
      const result: unknown = await route.handler({ ...request, params });
      if (result instanceof RestReply)
        return new RestReply(result.status, result.body, { ...headers, ...result.headers });
      return new RestReply(result === undefined ? 204 : 200, result, headers);
    } catch (error) {
      if (error instanceof RestError) return new RestReply(error.status, error.body, headers);
      throw error;
    }
  }

  #match({ version, method, path }: Incoming): RestMatch {
    const isKnown =
      version === undefined || (Number(version) >= MIN_VERSION && Number(version) <= MAX_VERSION);
    if (!isKnown) throw new RestError("invalidVersion");
    return this.#options.router.match(method, path);
  }

  #authorize({ headers }: Incoming, isOpen: boolean): void {
    if (isOpen || headers.authorization?.replace(/^Bot\s+/i, "").trim() === this.#options.token) return;
    throw new RestError("unauthorized");
  }
}

function toIncoming(request: IncomingMessage, bytes: Buffer): Incoming {
  const { method = "GET", headers, url = "/" } = request;
  const { version, path, search } = splitUrl(url);
  const body = headers["content-type"]?.startsWith("multipart/")
    ? String(bytes.length) // its boundary is another one each time
    : createHash("sha1").update(bytes).digest("base64");
  return {
    method,
    path,
    version,
    query: new URLSearchParams(search),
    headers,
    bytes,
    params: {},
    identity: `${method} ${path} ${body}`,
  };
}

// Requests to a proxy name the whole address; @discordjs/core encodes the @ of `@me`.
function splitUrl(url: string): { version: string | undefined; path: string; search: string } {
  const [whole = "", search = ""] = url
    .replace(/^\w+:\/\/[^/]*/, "")
    .replaceAll("%40", "@")
    .split(/\?(.*)/s);
  const [, version, rest = ""] = /^(?:\/api)?(?:\/v(\d+))?((?:\/.*)?)$/s.exec(whole) ?? [
    undefined,
    undefined,
    whole,
  ];
  return { version, path: rest.replace(/(?<=.)\/+$/, "") || "/", search };
}

function toWatched({ method, path, identity }: Incoming): WatchedRequest {
  return { method, identity, route: toTemplate(path) };
}

// Neither ids, which change, nor tokens, which are secret, nor what people chose.
function toTemplate(path: string): string {
  return path
    .replace(/\/(webhooks|interactions)\/(\d+)\/[^/]+/, "/$1/$2/:token")
    .replace(/\/reactions\/.*$/, "/reactions")
    .replace(/\/attachments\/.*$/, "/attachments")
    .replace(/\/\d{5,}/g, "/:id")
    .slice(0, 200);
}

function toErrorReply({ status, code = 0, message }: DiscordRestFault & { kind: "rest-error" }): RestReply {
  return new RestReply(status, { message: message ?? `${status}: Error`, code }, { Via: "1.1 google" });
}

function toBroken({ body }: RestReply): Buffer {
  const text = JSON.stringify(body ?? {});
  return Buffer.from(text.slice(0, Math.max(1, Math.floor(text.length / 2))));
}

function bannedReply(): RestReply {
  return new RestReply(429, Buffer.from("error code: 1015"), {
    "content-type": "text/plain",
    "Retry-After": "600",
  });
}

// Says whether there was anybody to send it to.
function send(response: ServerResponse, { status, body, headers }: RestReply): boolean {
  if (response.destroyed || response.headersSent) return false;
  if (status === 204) {
    response.writeHead(204, headers).end();
    return true;
  }
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? null));
  // Exactly so: a charset behind it makes two clients fail to log in.
  const type = { "content-type": "application/json", "content-length": String(bytes.length) };
  response.writeHead(status, { ...type, ...headers }).end(bytes);
  return true;
}
