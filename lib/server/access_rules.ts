import { isIP } from "node:net";
import { isAnyAddress, isLoopbackName, toHostName } from "./_host_names.ts";

/** Options of {@linkcode AccessRules}. */
export interface AccessRulesOptions {
  /** The address that the server is bound to. @default {"127.0.0.1"} */
  host?: string | undefined;
  /** Names in the `Host` header that are answered, beside loopback names and the bound address. */
  allowedHosts?: readonly string[] | undefined;
  /** Origins whose pages may read, such as `https://home.example`. */
  allowedOrigins?: readonly string[] | undefined;
}

/** What the `Origin` of a request means: `none` was sent, it is the server's own, on the list, or not on it. */
export type OriginVerdict = "none" | "same" | "listed" | "refused";

/**
 * Decides which names a server answers to and which pages may talk to it. A page of an attacker whose name is
 * re-bound to 127.0.0.1 sends its own name as `Host`, which is how it is told from the owner's.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AccessRules } from "demi-health/server";
 *
 * const rules = new AccessRules({ host: "127.0.0.1" });
 * assert.ok(rules.isHostAllowed(new Request("http://localhost:8080/")));
 * assert.ok(!rules.isHostAllowed(new Request("http://rebound.example:8080/")));
 * ```
 */
export class AccessRules {
  readonly #bound: string;
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string> | undefined;

  /** @throws {TypeError} If an allowed origin is none. */
  constructor(options: AccessRulesOptions = {}) {
    const { host = "127.0.0.1", allowedHosts = [], allowedOrigins } = options;
    this.#bound = toHostName(host);
    this.#hosts = new Set([this.#bound, ...allowedHosts.map(toHostName)]);
    this.#origins = allowedOrigins && new Set(allowedOrigins.map(parseOrigin));
  }

  /** Whether the request names a host that this server answers to, in its address and in its `Host` header. */
  isHostAllowed(request: Request): boolean {
    return hostsOf(request).every((host) => this.#isNameAllowed(toHostName(host)));
  }

  /** Whether the request names this machine. */
  isLoopbackHost(request: Request): boolean {
    return hostsOf(request).every((host) => isLoopbackName(toHostName(host)));
  }

  judgeOrigin(request: Request): OriginVerdict {
    const origin = request.headers.get("origin");
    if (origin === null) return "none";
    const parsed = URL.parse(origin);
    // by host, not by scheme: behind a proxy that ends TLS the page is https and this server http
    if (parsed && parsed.host === (request.headers.get("host") ?? new URL(request.url).host)) return "same";
    return this.#isOriginListed(origin, parsed) ? "listed" : "refused";
  }

  #isNameAllowed(name: string): boolean {
    if (isLoopbackName(name) || this.#hosts.has(name)) return true;
    // an address cannot be re-bound, and which addresses "all of them" are changes with the network
    return isAnyAddress(this.#bound) && isIP(name) !== 0;
  }

  #isOriginListed(origin: string, parsed: URL | null): boolean {
    if (this.#origins) return this.#origins.has(parsed ? parsed.origin : origin) || this.#origins.has(origin);
    return parsed !== null && isLoopbackName(this.#bound) && isLoopbackName(toHostName(parsed.host));
  }
}

function hostsOf(request: Request): readonly string[] {
  const { host } = new URL(request.url);
  return [host, request.headers.get("host") ?? host];
}

function parseOrigin(text: string): string {
  if (text === "null") return text; // what sandboxed frames and files send
  const url = URL.parse(text);
  if (!url || url.origin === "null" || url.href !== `${url.origin}/`) {
    throw new TypeError(
      `Cannot make dashboard: 'allowedOrigins' must be origins such as https://home.example, got ${text}`,
    );
  }
  return url.origin;
}
