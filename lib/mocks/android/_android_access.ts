import type { Clock, ClockTimer } from "../../base/clock.ts";
import { AndroidAuthError } from "./_android_errors.ts";
import type { AndroidHttp, AndroidRequest } from "./_android_http.ts";
import { type AndroidLogin, type AndroidProtocol, toLogin } from "./_android_protocol.ts";
import { parseTokens } from "./_android_wire.ts";

// Refreshed with a fifth of its life left, so that a reconnection never meets an expired token.
const REFRESH_AT_RATIO = 0.8;

/** What an {@linkcode AndroidAccess} works with. */
export interface AndroidAccessOptions {
  readonly url: string;
  readonly protocol: AndroidProtocol;
  readonly http: AndroidHttp;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Where the companion is, and the login there, which is kept fresh. */
export class AndroidAccess implements Disposable {
  readonly #options: AndroidAccessOptions;
  #url: string;
  #login: AndroidLogin | undefined;
  #timer: ClockTimer | undefined;
  #isOffline = false;
  #isDue = false;
  #isDisposed = false;

  /** @throws {TypeError} If `url` is not an HTTP address. */
  constructor(options: AndroidAccessOptions) {
    this.#options = options;
    this.#url = toBase(options.url);
  }

  get url(): string {
    return this.#url;
  }

  /** @throws {TypeError} If it is not an HTTP address. */
  moveTo(url: string): void {
    this.#url = toBase(url);
  }

  get login(): AndroidLogin {
    return this.#login!; // there is no client without one
  }

  get chatAddress(): string {
    return `${this.#url.replace(/^http/, "ws")}${this.#options.protocol.chatPath(this.login)}`;
  }

  /** Without a network nothing is refreshed; what was due is made up for with it. */
  async setOffline(isOffline: boolean): Promise<void> {
    this.#isOffline = isOffline;
    if (!isOffline && this.#isDue) await this.refresh().catch((error: unknown) => this.#report(error));
  }

  async logIn(): Promise<void> {
    const { protocol, http } = this.#options;
    this.#keep(await protocol.logIn(http, this.#url));
  }

  /** @throws {TypeError} If the protocol has no tokens. */
  async refresh(): Promise<void> {
    const { tokens } = this.login;
    if (!tokens) throw new TypeError("Cannot refresh the login: 'protocol' must be v1, got mobile");
    const answer = await this.#options.http.send(this.#url, {
      what: "refresh the login",
      method: "POST",
      path: "/api/v1/auth/refresh",
      body: { refresh_token: tokens.refreshToken },
    });
    this.#keep(toLogin(parseTokens(answer)));
  }

  /** Result of `open`, tried again after a new login if the companion refuses the one it has. */
  async whileLoggedIn(open: () => Promise<void>): Promise<void> {
    try {
      await open();
    } catch (error) {
      if (!(error instanceof AndroidAuthError && error.status === 401)) throw error;
      await this.logIn();
      await open();
    }
  }

  /** A request of somebody who is logged in. */
  async send(request: Omit<AndroidRequest, "token">): Promise<unknown> {
    const token = this.login.tokens?.accessToken;
    return await this.#options.http.send(this.#url, { ...request, token });
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#timer?.cancel();
  }

  #keep(login: AndroidLogin): void {
    this.#login = login;
    this.#isDue = false;
    this.#timer?.cancel();
    if (this.#isDisposed || !login.tokens) return;
    const { clock } = this.#options;
    const refreshNow = (): void => {
      this.#isDue = true;
      if (this.#isOffline) return;
      const work = clock.track(this.refresh(), "Android token refresh");
      void work.catch((error: unknown) => this.#report(error));
    };
    const afterMs = login.tokens.expiresInMs * REFRESH_AT_RATIO;
    this.#timer = clock.setTimer(refreshNow, afterMs, { keepAlive: false });
  }

  #report(error: unknown): void {
    if (!this.#isDisposed) this.#options.onError(error);
  }
}

function toBase(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new TypeError(`Cannot connect Android client: 'url' must be an HTTP address, got ${url}`);
  }
  return url.replace(/\/+$/, "");
}
