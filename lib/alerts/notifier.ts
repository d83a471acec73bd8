import { createHash } from "node:crypto";
import { Backoff } from "../base/backoff.ts";
import type { Clock, ClockTimer } from "../base/clock.ts";
import { withDeadline } from "../base/deadline.ts";
import type { SeededRandom } from "../base/random.ts";
import { systemClock } from "../base/system_clock.ts";
import { type Alert, type AlertChange, receiverLabels } from "./alert.ts";
import type { AlertChannel, AlertMessage, AlertSource } from "./channel.ts";
import { ChannelError } from "./channel.ts";
import { matchesAll, parseMatchers } from "./matcher.ts";
import { type DeadLetter, groupOf, Outbox, type OutboxEntry, type SavedOutbox } from "./_outbox.ts";

/** Options of {@linkcode AlertNotifier}. */
export interface AlertNotifierOptions {
  channels: readonly AlertChannel[];
  /** @default {{ name: "Companion" }} */
  source?: AlertSource | undefined;
  /** @default {systemClock} */
  clock?: Clock | undefined;
  /**
   * How long a notice waits for others of its group, so as to be one message with them.
   *
   * @default {2000}
   */
  groupWaitMs?: number | undefined;
  /** How long a channel may take for one message. @default {10_000} */
  timeoutMs?: number | undefined;
  /** How long a notice is tried before it is a dead letter. @default {86_400_000} (a day) */
  giveUpMs?: number | undefined;
  /** Called when what is owed has changed: the moment to save {@linkcode AlertNotifier.toJSON}. */
  onChange?: (() => void) | undefined;
  /** Told when a channel begins to fail, once until it works again. Default: nobody; {@linkcode AlertNotifier.channels} shows it. */
  onError?: ((error: unknown) => void) | undefined;
  /** Source of the random share of delays. @default {Math.random} */
  random?: Pick<SeededRandom, "next"> | undefined;
}

/** How a channel fares. */
export interface ChannelStatus {
  readonly name: string;
  /** Notices that are owed. */
  readonly pending: number;
  /** When it last worked, epoch ms. */
  readonly lastSentAt?: number | undefined;
  /** Why it last failed, while it has not worked since. */
  readonly lastError?: string | undefined;
  /** What was given up. */
  readonly deadLetters: readonly DeadLetter[];
}

/** What of a notifier outlives the process, as JSON. */
export interface AlertNotifierState {
  readonly version: 1;
  readonly channels: readonly SavedOutbox[];
}

interface Line {
  readonly channel: AlertChannel;
  readonly outbox: Outbox;
  readonly sentAt: number[];
  timer: ClockTimer | undefined;
  running: Promise<void> | undefined;
  lastSentAt: number | undefined;
  lastError: string | undefined;
}

const RANK = { info: 0, warning: 1, critical: 2 } as const;
const BACKOFF = { initialMs: 5000, maxMs: 600_000 } as const;
const MINUTE = 60_000;

/**
 * Delivers notices of alerts by channels, at least once: what is owed is kept in an outbox for each channel and tried again, later and
 * later, until it is delivered or a day has passed. Each channel is on its own: one that hangs or fails delays no other. Notices of one
 * group that come together are one message; of one alert the firing always goes before the resolve.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AlertNotifier, logChannel } from "demi-health/alerts";
 *
 * const lines: string[] = [];
 * await using notifier = new AlertNotifier({ channels: [logChannel({ write: (line) => lines.push(line) })], groupWaitMs: 0 });
 * const alert = { id: "hot", rule: "hot", level: "warning", state: "firing", labels: {}, message: "90 °C", activeAt: 0, firedAt: 0 } as const;
 * notifier.add({ alert, previous: "pending", notify: true });
 * await notifier.idle();
 * assert.deepEqual(lines, ["Companion: hot firing: warning: 90 °C"]);
 * ```
 */
export class AlertNotifier implements AsyncDisposable {
  readonly #options: AlertNotifierOptions;
  readonly #source: AlertSource;
  readonly #clock: Clock;
  readonly #groupWaitMs: number;
  readonly #lines: readonly Line[];
  readonly #repeats: ClockTimer[];
  readonly #stop = new AbortController();
  #firing: () => readonly Alert[] = () => [];

  /**
   * @throws {RangeError} If a time is negative.
   * @throws {TypeError} If two channels have the same name, or a matcher is none.
   */
  constructor(options: AlertNotifierOptions) {
    const {
      channels,
      clock = systemClock,
      groupWaitMs = 2000,
      timeoutMs = 10_000,
      giveUpMs = 86_400_000,
    } = options;
    for (const [name, value] of Object.entries({ groupWaitMs, timeoutMs, giveUpMs })) {
      if (!(value >= 0)) throw new RangeError(`Cannot make notifier: '${name}' must be >= 0, got ${value}`);
    }
    const names = channels.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined) {
      throw new TypeError(`Cannot make notifier: names of channels must differ, got ${twice} twice`);
    }
    for (const { name, matchers } of channels) if (matchers) parseMatchers(matchers, `make channel ${name}`);
    this.#options = { ...options, timeoutMs, giveUpMs };
    this.#source = options.source ?? { name: "Companion" };
    this.#clock = clock;
    this.#groupWaitMs = groupWaitMs;
    this.#lines = channels.map((channel) => ({
      channel,
      outbox: new Outbox(),
      sentAt: [],
      timer: undefined,
      running: undefined,
      lastSentAt: undefined,
      lastError: undefined,
    }));
    this.#repeats = this.#lines.flatMap((line) => {
      const { repeatMs } = line.channel;
      if (repeatMs === undefined) return [];
      return [clock.setRepeating(() => void this.#repeat(line), repeatMs, { keepAlive: false })];
    });
  }

  /** How each channel fares. */
  get channels(): readonly ChannelStatus[] {
    return this.#lines.map(({ channel, outbox, lastSentAt, lastError }) => ({
      name: channel.name,
      pending: outbox.entries.length,
      lastSentAt,
      lastError,
      deadLetters: outbox.deadLetters,
    }));
  }

  /** Says where the alerts are that channels with a `repeatMs` send again: `() => engine.alerts`. */
  repeatFrom(alerts: () => readonly Alert[]): void {
    this.#firing = alerts;
  }

  /** Takes a change of an alert: where people are to be told, all channels that want it owe it from now on. */
  add({ alert, notify }: AlertChange): void {
    if (!notify || this.#stop.signal.aborted) return;
    const now = this.#clock.now();
    for (const line of this.#lines) {
      if (!wants(line.channel, alert)) continue;
      line.outbox.add(alert, now, this.#groupWaitMs);
      this.#schedule(line);
    }
    this.#changed();
  }

  /**
   * Sends a message by a channel at once, to see whether it arrives.
   *
   * @throws {RangeError} If there is no such channel.
   * @throws {ChannelError} If the receiver did not take it.
   * @throws {DeadlineError} If it took too long.
   */
  async test(name: string): Promise<void> {
    const line = this.#lines.find(({ channel }) => channel.name === name);
    if (!line) {
      const known = this.#lines.map(({ channel }) => channel.name).join(", ");
      throw new RangeError(`Cannot test channel: it must be one of ${known || "none"}, got ${name}`);
    }
    const now = this.#clock.now();
    const alert: Alert = {
      id: "test_alert",
      rule: "test_alert",
      level: "info",
      state: "firing",
      labels: {},
      message: "A test: nothing is wrong",
      activeAt: now,
      firedAt: now,
    };
    await this.#send(line, { ...this.#message([alert], now, `test-${now}`), isTest: true });
  }

  /** Resolves when no channel owes anything that is due, whether or not it was delivered. */
  async idle(): Promise<void> {
    for (;;) {
      const isDue = (line: Line): boolean =>
        line.outbox.waitMs(this.#clock.now()) === 0 && this.#rateDelay(line) === 0;
      const waiting = this.#lines.filter((line) => line.running !== undefined || isDue(line));
      if (waiting.length === 0) return;
      await Promise.all(
        waiting.map((line) => {
          this.#run(line);
          return line.running;
        }),
      );
    }
  }

  toJSON(): AlertNotifierState {
    const channels = this.#lines.map(({ channel, outbox }) => ({
      channel: channel.name,
      ...outbox.toJSON(),
    }));
    return { version: 1, channels };
  }

  /**
   * Goes on with what another notifier owed. What channels that are no longer there owed is dropped.
   *
   * @throws {TypeError} If it is no such state; nothing has changed then.
   */
  restore(state: unknown): void {
    const { version, channels } = (state ?? {}) as Partial<AlertNotifierState>;
    const isList = Array.isArray(channels) && channels.every(isSavedOutbox);
    if (version !== 1 || !isList) {
      throw new TypeError(
        `Cannot restore notifier: it must be version 1 with a list of channels, got ${JSON.stringify(state)?.slice(0, 100)}`,
      );
    }
    for (const line of this.#lines) {
      const saved = channels.find(({ channel }) => channel === line.channel.name);
      if (!saved) continue;
      line.outbox.restore(saved);
      this.#schedule(line);
    }
  }

  /** Ends; what is under way is broken off, and stays owed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("the notifier ends"));
    for (const timer of this.#repeats) timer.cancel();
    for (const line of this.#lines) line.timer?.cancel();
    await Promise.all(this.#lines.map(({ running }) => running));
  }

  #schedule(line: Line): void {
    line.timer?.cancel();
    const waitMs = line.outbox.waitMs(this.#clock.now());
    if (waitMs === Infinity || this.#stop.signal.aborted) return;
    const delay = Math.max(waitMs, this.#rateDelay(line));
    line.timer = this.#clock.setTimer(() => this.#run(line), delay, { keepAlive: false });
  }

  #run(line: Line): void {
    if (line.running || this.#stop.signal.aborted) return;
    line.running = this.#clock
      .track(this.#deliver(line), `send alerts by ${line.channel.name}`)
      .finally(() => {
        line.running = undefined;
        this.#schedule(line);
      });
  }

  async #deliver(line: Line): Promise<void> {
    const { outbox } = line;
    for (;;) {
      const now = this.#clock.now();
      const entries = outbox.take(now);
      if (entries.length === 0 || this.#rateDelay(line) > 0) return;
      line.sentAt.push(now);
      const alerts = entries.map(({ alert }) => alert);
      try {
        await this.#send(line, this.#message(alerts, now, idOf(entries)));
        outbox.delivered(entries);
        line.lastSentAt = this.#clock.now();
        line.lastError = undefined;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#failed(line, entries, error);
      }
      this.#changed();
    }
  }

  /** A host that throws does not end the deliveries. */
  #changed(): void {
    try {
      this.#options.onChange?.();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    try {
      this.#options.onError?.(error);
    } catch (failure) {
      console.error(failure);
    }
  }

  #failed(line: Line, entries: readonly OutboxEntry[], error: unknown): void {
    const now = this.#clock.now();
    const reason = error instanceof Error ? error.message : String(error);
    if (line.lastError === undefined) this.#report(error);
    line.lastError = reason;
    const { isFinal = false, retryAfterMs = 0 } = error instanceof ChannelError ? error : {};
    const isLate = (entry: OutboxEntry): boolean => isFinal || now - entry.addedAt >= this.#options.giveUpMs!;
    const late = entries.filter(isLate);
    if (late.length > 0) line.outbox.givenUp(late, now, reason);
    const rest = entries.filter((entry) => !late.includes(entry));
    if (rest.length === 0) return;
    const attempts = Math.max(...rest.map((entry) => entry.attempts));
    line.outbox.failed(rest, now + Math.max(retryAfterMs, delayAfter(attempts, this.#options.random)));
  }

  async #repeat(line: Line): Promise<void> {
    const firing = this.#firing().filter(
      (alert) => alert.notified && alert.state !== "resolved" && wants(line.channel, alert),
    );
    if (firing.length === 0 || line.running) return;
    const now = this.#clock.now();
    // not owed: the next one comes soon
    await this.#send(line, this.#message(firing, now, `repeat-${now}`)).then(
      () => (line.lastSentAt = now),
      (error: unknown) => (line.lastError = error instanceof Error ? error.message : String(error)),
    );
  }

  #message(alerts: readonly Alert[], time: number, id: string): AlertMessage {
    return { id, time, group: groupOf(alerts[0]!), alerts, source: this.#source };
  }

  async #send({ channel }: Line, message: AlertMessage): Promise<void> {
    const work = (signal: AbortSignal): Promise<void> => channel.send(message, signal);
    // a wire's own patience is real time, whatever clock the alerts have
    const options = { clock: systemClock, signal: this.#stop.signal };
    await withDeadline(`send alerts by ${channel.name}`, this.#options.timeoutMs!, work, options);
  }

  /** How long a channel must wait because it has sent so much in the last minute. */
  #rateDelay({ channel, sentAt }: Line): number {
    const now = this.#clock.now();
    while (sentAt.length > 0 && sentAt[0]! <= now - MINUTE) sentAt.shift();
    return sentAt.length < (channel.maxPerMinute ?? 20) ? 0 : sentAt[0]! + MINUTE - now;
  }
}

function wants({ minimumLevel = "info", matchers }: AlertChannel, alert: Alert): boolean {
  return (
    RANK[alert.level] >= RANK[minimumLevel] && (!matchers || matchesAll(matchers, receiverLabels(alert)))
  );
}

/** The same for the same notices; in letters that every header takes. */
function idOf(entries: readonly OutboxEntry[]): string {
  const keys = entries.map(({ key }) => key).join("\n");
  return createHash("sha256").update(keys).digest("hex").slice(0, 32);
}

function delayAfter(attempts: number, random: Pick<SeededRandom, "next"> | undefined): number {
  const backoff = new Backoff({ ...BACKOFF, ...(random && { random }) });
  let delay = backoff.next();
  for (let i = 0; i < Math.min(attempts, 20); i++) delay = backoff.next();
  return delay;
}

function isSavedOutbox(input: unknown): input is SavedOutbox {
  const { channel, entries, deadLetters, sent } = (input ?? {}) as Partial<SavedOutbox>;
  const isEntry = (entry: Partial<OutboxEntry> | null): boolean =>
    typeof entry?.key === "string" &&
    typeof entry.alert?.id === "string" &&
    Number.isFinite(entry.nextAt) &&
    Number.isFinite(entry.addedAt) &&
    Number.isFinite(entry.attempts);
  return (
    typeof channel === "string" &&
    Array.isArray(entries) &&
    entries.every(isEntry) &&
    Array.isArray(deadLetters) &&
    Array.isArray(sent)
  );
}
