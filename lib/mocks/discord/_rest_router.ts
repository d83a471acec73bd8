import type { IncomingHttpHeaders } from "node:http";
import { TrieRouter } from "hono/router/trie-router";
import { RestError } from "./_rest_errors.ts";

/** A request to a route, read to its end. */
export interface RestRequest {
  readonly method: string;
  /** Without version and query. */
  readonly path: string;
  /** What stands for the names in the route's pattern, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Whether a request's query says yes: libraries write `true`, `True` or `1`. */
export function isAsked({ query }: Pick<RestRequest, "query">, name: string): boolean {
  return /^(true|1)$/i.test(query.get(name) ?? "");
}

/** Answers a request: a value is sent as JSON, nothing as 204, a {@linkcode RestReply} as it says. */
export type RestHandler = (request: RestRequest) => unknown;

/** An answer that is not simply 200 with JSON, or 204. */
export class RestReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  /** @param body JSON, or a `Buffer` that is sent as it is. */
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** A route: where it is, and what it does. */
export interface RestRoute {
  readonly method: string;
  readonly pattern: string;
  readonly handler: RestHandler;
  /** Whether anybody may call it: it is public, or its address has a secret in it. */
  readonly isOpen: boolean;
}

/** A route with what its pattern took from a path. */
export interface RestMatch {
  readonly route: RestRoute;
  readonly params: Readonly<Record<string, string>>;
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];
// Everything else that a pattern names is an id.
const TEXT_PARAMS = new Set(["emoji", "token", "which", "code", "filename"]);
const MAX_SNOWFLAKE = 2n ** 64n;

/** The routes of the API; an earlier one goes before a later one. */
export class RestRouter {
  readonly #router = new TrieRouter<RestRoute>();

  /** Adds a route. */
  on(method: string, pattern: string, handler: RestHandler, options: { isOpen?: boolean } = {}): void {
    const { isOpen = false } = options;
    this.#router.add(method, pattern, { method, pattern, handler, isOpen });
  }

  /**
   * The route of a request.
   *
   * @param path As it was sent, encoded.
   * @throws {RestError} If there is none, none for the method, or an id in the path is none.
   */
  match(method: string, path: string): RestMatch {
    const found = this.#find(method === "HEAD" ? "GET" : method, path);
    if (found) return { route: found.route, params: decodeParams(found.params) };
    throw new RestError(METHODS.some((each) => this.#find(each, path)) ? "methodNotAllowed" : "notFound");
  }

  #find(method: string, path: string): RestMatch | undefined {
    const [first] = this.#router.match(method, path)[0];
    return first && { route: first[0], params: first[1] as Record<string, string> };
  }
}

function decodeParams(params: Readonly<Record<string, string>>): Record<string, string> {
  const decoded = Object.entries(params).map(([name, value]): [string, string] => [name, decode(value)]);
  for (const [name, value] of decoded) if (!TEXT_PARAMS.has(name)) checkSnowflake(`${name}_id`, value);
  return Object.fromEntries(decoded);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function checkSnowflake(field: string, value: string): void {
  if (/^\d{1,20}$/.test(value) && BigInt(value) < MAX_SNOWFLAKE) return;
  const error = { code: "NUMBER_TYPE_COERCE", message: `Value "${value.slice(0, 100)}" is not snowflake.` };
  throw new RestError("invalidForm", { [field]: { _errors: [error] } });
}
