import { HealthFeed } from "../feed/health_feed.ts";
import type { HealthSource } from "../feed/health_source.ts";
import { makeToken } from "./_bearer_token.ts";
import type { DashboardAction } from "./_dashboard_app.ts";
import { isAnyAddress, toHostName } from "./_host_names.ts";
import { refuse } from "./_guard.ts";
import { createRequestHandler } from "./_request_handler.ts";
import { AccessRules } from "./access_rules.ts";
import { listen } from "./listen.ts";
import { ModuleServer } from "./module_server.ts";

export type { DashboardAction } from "./_dashboard_app.ts";

/** Options of {@linkcode Dashboard}. */
export interface DashboardOptions {
  /** What is shown. Without one the dashboard watches its own process, and ends that watching with itself. */
  source?: HealthSource | undefined;
  /** Address to listen on. @default {"127.0.0.1"} */
  host?: string | undefined;
  /** 0 takes a free one. @default {8080} */
  port?: number | undefined;
  /** Title of the page, and what its own process is called when it watches that. @default the companion's name */
  title?: string | undefined;
  /** Bearer token for what changes state. @default a random one when there are actions */
  token?: string | undefined;
  /** Bearer token for reading: feed, JSON and metrics. Without one everybody who reaches the address reads. */
  readToken?: string | undefined;
  /**
   * Whether the page carries `token`, so that its buttons work for everybody who can open it. For demonstrations only:
   * the page is then answered under loopback names only.
   *
   * @default {false}
   */
  pageCarriesToken?: boolean | undefined;
  /** Origins whose pages may read. @default those of this machine when bound to loopback, otherwise none but its own */
  allowedOrigins?: readonly string[] | undefined;
  /** Names in the `Host` header that are answered, beside loopback names and `host`; needed behind a proxy. */
  allowedHosts?: readonly string[] | undefined;
  /** What the viewer may ask the host to do. */
  actions?: readonly DashboardAction[] | undefined;
  /**
   * Told of every failure while answering.
   *
   * @default {console.error}
   */
  onError?: ((error: unknown) => void) | undefined;
}

interface Opened {
  readonly handle: (request: Request) => Promise<Response>;
  readonly feed: HealthFeed;
  readonly resources: AsyncDisposableStack;
}

/**
 * The health page of a companion, with its feed, a JSON API, Prometheus metrics, and the elements for other pages.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Dashboard } from "demi-health";
 *
 * await using dashboard = new Dashboard({ port: 0 });
 * await dashboard.start();
 * assert.equal((await fetch(`${dashboard.url}/api/health`)).status, 200);
 * ```
 */
export class Dashboard implements AsyncDisposable {
  /** Bearer token for what changes state; `undefined` when there is nothing that does. */
  readonly token: string | undefined;

  /**
   * Answers a request: a handler to mount elsewhere, also below a prefix that ends with a slash and is taken away before.
   * There is no need to `start`. The names under which the server in front is reached belong into `allowedHosts`.
   * After `stop` the answer is 503.
   */
  readonly fetch: (request: Request) => Promise<Response>;

  readonly #options: DashboardOptions;
  readonly #access: AccessRules;
  readonly #modules = new ModuleServer();
  readonly #onError: (error: unknown) => void;
  #opened: Promise<Opened> | undefined;
  #started: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  #isStopped = false;
  #url: string | undefined;

  /**
   * @throws {RangeError} If the port, a token or an action is none.
   * @throws {TypeError} If an allowed origin is none.
   */
  constructor(options: DashboardOptions = {}) {
    checkOptions(options);
    const { host, allowedHosts, allowedOrigins, actions = [] } = options;
    const { onError = (error: unknown) => console.error(error) } = options;
    this.#options = options;
    this.#access = new AccessRules({ host, allowedHosts, allowedOrigins });
    this.#onError = onError;
    this.token = options.token ?? (actions.length > 0 ? makeToken() : undefined);
    this.fetch = (request) => this.#answer(request); // a property: frameworks call it without its object
  }

  /**
   * Address of the page, without a slash at the end.
   *
   * @throws {Error} While it is not started.
   */
  get url(): string {
    if (this.#url === undefined) throw new Error("Cannot tell the dashboard's address: it must be started");
    return this.#url;
  }

  /**
   * Listens. A start that fails leaves nothing behind; one after `stop` starts anew.
   *
   * @throws {ListenError} If the address is taken, forbidden, or none of this machine.
   */
  start(): Promise<void> {
    if (this.#stopping) return this.#stopping.then(() => this.start());
    return (this.#started ??= this.#start());
  }

  /** Ends the open connections, then the monitor if it made one. Takes less than a second; idempotent. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #answer(request: Request): Promise<Response> {
    if (this.#isStopped) return refuse(503, "the dashboard has been stopped");
    const { handle } = await this.#open();
    return handle(request);
  }

  async #start(): Promise<void> {
    const { host = "127.0.0.1", port = 8080 } = this.#options;
    this.#isStopped = false;
    try {
      const { handle, feed, resources } = await this.#open();
      const listener = resources.use(await listen(handle, { host, port, what: "dashboard" }));
      resources.defer(() => feed[Symbol.asyncDispose]()); // first of all: the listener waits for its streams
      this.#url = toUrl(host, listener.port);
    } catch (error) {
      this.#started = undefined;
      await this.#close();
      throw error;
    }
  }

  async #stop(): Promise<void> {
    try {
      await this.#started?.catch(() => {}); // it has undone itself
      this.#isStopped = true;
      this.#started = undefined;
      await this.#close();
    } finally {
      this.#stopping = undefined;
    }
  }

  async #close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#url = undefined;
    await (await opened)?.resources.disposeAsync();
  }

  #open(): Promise<Opened> {
    if (this.#opened) return this.#opened;
    const opening = this.#makeHandler();
    this.#opened = opening;
    opening.catch(() => (this.#opened = undefined));
    return opening;
  }

  async #makeHandler(): Promise<Opened> {
    const { actions = [], title, readToken, pageCarriesToken = false } = this.#options;
    await using resources = new AsyncDisposableStack();
    const source = this.#options.source ?? resources.use(await this.#watchOwnProcess());
    const feed = resources.use(
      new HealthFeed(source, {
        // relative: the same whatever prefix the handler is mounted at
        links: {
          history: source.history ? "api/history" : undefined,
          actions: actions.length > 0 ? "api/actions" : undefined,
        },
        actions: actions.map(({ id, label, description }) => ({ id, label, description })),
        onError: this.#onError,
      }),
    );
    const handle = createRequestHandler({
      source,
      feed,
      modules: this.#modules,
      access: this.#access,
      title,
      token: this.token,
      readToken,
      pageCarriesToken,
      actions,
      onError: this.#onError,
    });
    return { handle, feed, resources: resources.move() };
  }

  // Loaded only when needed: it brings the metric store and with it SQLite.
  async #watchOwnProcess(): Promise<HealthSource & AsyncDisposable> {
    const { HealthMonitor } = await import("../health_monitor.ts");
    return HealthMonitor.start({ name: this.#options.title, onError: this.#onError });
  }
}

function toUrl(host: string, port: number): string {
  const name = isAnyAddress(toHostName(host)) ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

function checkOptions({
  port = 8080,
  token,
  readToken,
  pageCarriesToken,
  actions = [],
}: DashboardOptions): void {
  const refuseOption = (name: string, rule: string, got: unknown): never => {
    throw new RangeError(`Cannot make dashboard: '${name}' must be ${rule}, got ${got}`);
  };
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    refuseOption("port", "an integer from 0 to 65535", port);
  }
  for (const [name, value] of Object.entries({ token, readToken })) {
    // the value itself is a secret, or nearly one
    if (value !== undefined && !/^[\x21-\x7e]+$/.test(value)) {
      refuseOption(name, "printable characters without spaces", value === "" ? "none" : "others");
    }
  }
  if (pageCarriesToken && readToken !== undefined) {
    refuseOption(
      "pageCarriesToken",
      "false when 'readToken' is set: who may not read would get a token",
      true,
    );
  }
  for (const [index, { id }] of actions.entries()) {
    if (id === "" || actions.findIndex((other) => other.id === id) !== index) {
      refuseOption("actions", "of different ids that are not empty", `'${id}'`);
    }
  }
}
