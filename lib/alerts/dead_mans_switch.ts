import { request } from "undici";
import type { Clock, ClockTimer } from "../base/clock.ts";
import { withDeadline } from "../base/deadline.ts";
import { systemClock } from "../base/system_clock.ts";
import { ChannelError } from "./channel.ts";
import { checkUrl } from "./channels/_post.ts";

/** Options of {@linkcode DeadMansSwitch}. */
export interface DeadMansSwitchOptions {
  /** Asked for by GET: a check of healthchecks.io, Uptime Kuma's push monitor, or the like. */
  readonly url: string;
  /** @default {60_000} */
  readonly everyMs?: number | undefined;
  /** Whether all is still being looked at: while it is not, nothing is sent. */
  readonly isAlive: () => boolean;
  /** @default {systemClock} */
  readonly clock?: Clock | undefined;
  /** Told when it begins to fail, once until it works again. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const NAME = "dead man's switch";
const TIMEOUT_MS = 10_000;

/**
 * Tells somebody outside, again and again, that alerts are being looked at: who hears nothing for a while says so. It is the only
 * alert that comes when the machine is gone.
 */
export class DeadMansSwitch implements AsyncDisposable {
  readonly #options: DeadMansSwitchOptions;
  readonly #timer: ClockTimer;
  readonly #stop = new AbortController();
  #sending: Promise<void> | undefined;
  #isFailing = false;

  /**
   * @throws {RangeError} If `everyMs` is not above 0.
   * @throws {TypeError} If the URL is none.
   */
  constructor(options: DeadMansSwitchOptions) {
    const { url, everyMs = 60_000, clock = systemClock } = options;
    checkUrl(NAME, url);
    if (!(everyMs > 0)) throw new RangeError(`Cannot make ${NAME}: 'everyMs' must be > 0, got ${everyMs}`);
    this.#options = options;
    this.#timer = clock.setRepeating(() => this.#tell(clock), everyMs, { keepAlive: false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer.cancel();
    this.#stop.abort(new Error("the dead man's switch ends"));
    await this.#sending;
  }

  #tell(clock: Clock): void {
    if (this.#sending || !this.#options.isAlive()) return;
    this.#sending = clock.track(this.#send(), NAME).then(
      () => void (this.#isFailing = false),
      (error: unknown) => {
        const isNews = !this.#isFailing && !this.#stop.signal.aborted;
        this.#isFailing = true;
        if (isNews) this.#report(error);
      },
    );
    void this.#sending.finally(() => (this.#sending = undefined));
  }

  #report(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch (failure) {
      console.error(failure);
    }
  }

  async #send(): Promise<void> {
    const { url } = this.#options;
    const work = async (signal: AbortSignal): Promise<void> => {
      const { statusCode, body } = await request(url, { signal });
      await body.dump();
      if (statusCode >= 300) throw new ChannelError(NAME, `answered ${statusCode}`, { status: statusCode });
    };
    await withDeadline(`reach the ${NAME}`, TIMEOUT_MS, work, { signal: this.#stop.signal });
  }
}
