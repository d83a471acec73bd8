import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { DeadlineError, withDeadline } from "../base/deadline.ts";
import { companionClock } from "./_companion_clock.ts";
import { LogCapture } from "./_log_capture.ts";
import type { EnvironmentTime } from "./_time.ts";
import { CompanionContext, UnhandledErrors } from "./_unhandled_errors.ts";
import type { Companion, CompanionEnvironment, CompanionFactory } from "./companion.ts";

const START_LIMIT_MS = 60_000;
const CRASH_LIMIT_MS = 5000;
const FORMER_LINES_KEPT = 1000;
const FAULTS_KEPT = 100;

/** Options of {@linkcode CompanionLife}. */
export interface CompanionLifeOptions {
  /** Makes the companions after the first one. */
  readonly factory: CompanionFactory;
  readonly time: EnvironmentTime;
  /** Whether what it writes is shown. */
  readonly showLogs: boolean;
  /** Real milliseconds that a stop may take. */
  readonly stopTimeoutMs: number;
  /** What the servers around it wait for, when it does not get ready; "" where nothing is. */
  readonly describeWaiting?: (() => string) | undefined;
  /** Told of each different fault. */
  readonly onFault: (fault: string, error: unknown) => void;
}

/** The companion of an environment through all its starts, stops and crashes. */
export class CompanionLife implements AsyncDisposable {
  readonly #options: CompanionLifeOptions;
  readonly #capture: LogCapture;
  readonly #errors: UnhandledErrors;
  readonly #faults: string[] = [];
  readonly #formerLines: string[] = [];
  #companion: Companion;
  #context: CompanionContext;
  #isRunning = false;
  #isFresh = true;
  #following: Disposable | undefined;
  #port = 0;

  /** @param first The companion that is started first. */
  constructor(first: Companion, options: CompanionLifeOptions) {
    this.#companion = first;
    this.#options = options;
    this.#capture = new LogCapture(options.showLogs);
    this.#errors = new UnhandledErrors((did, error) => {
      this.#blame(`the companion ${did}: ${describeError(error)}`, error);
    });
    this.#context = new CompanionContext(this.#errors);
  }

  get companion(): Companion {
    return this.#companion;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** What the companion as such did wrong, one sentence each: errors that it left alone, a stop that failed. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** What it wrote, the last lines, those of its former lives first. */
  get logLines(): readonly string[] {
    return [...this.#formerLines, ...(this.#companion.logLines ?? []), ...this.#capture.lines];
  }

  /** @param env Everything but the address to listen on, which stays the same through all lives. */
  async start(env: CompanionEnvironment, listens: boolean): Promise<void> {
    if (this.#isRunning) throw new Error("Cannot start companion: it must be off, got one that runs");
    if (!this.#isFresh) this.#renew();
    this.#isFresh = false;
    const { time } = this.#options;
    const companion = this.#companion;
    const context = new CompanionContext(this.#errors);
    this.#context = context;
    // an app knows its companion by its address; a process must be told one that is free
    this.#port ||= companion.keepsOwnTime ? await freePort() : 0;
    const listen = listens ? { host: "127.0.0.1", port: this.#port } : undefined;
    const clock = time.virtualClock ? companionClock(env.clock, context) : env.clock;
    const startMs = env.clock.monotonicMs();
    try {
      await withDeadline("start the companion", START_LIMIT_MS, (signal) =>
        time.runSoon(
          this.#run(() => companion.start({ ...env, clock, listen })),
          signal,
        ),
      );
    } catch (error) {
      const waiting = this.#options.describeWaiting?.();
      if (waiting && error instanceof Error) error.message += `\n    ${waiting}`;
      context.kill(); // what it began must not go on
      await this.#putDown().catch(() => undefined); // it may well have cleaned up already
      throw error;
    }
    this.#isRunning = true;
    this.#port = Number(URL.parse(companion.url ?? "")?.port ?? this.#port);
    // a slow start may have let time pass here, which it has not seen
    const missedMs = env.clock.monotonicMs() - startMs;
    if (time.virtualClock && missedMs > 0) await companion.advance?.(missedMs);
    this.#following = companion.advance && time.virtualClock?.follow((ms) => companion.advance!(ms));
  }

  /** Graceful; a companion that hangs is crashed, and that is a fault of its own. */
  async stop(): Promise<void> {
    if (!this.#leave()) return;
    const { time, stopTimeoutMs } = this.#options;
    try {
      await withDeadline("stop the companion", stopTimeoutMs, (signal) =>
        time.runSoon(
          this.#run(() => this.#companion.stop()),
          signal,
        ),
      );
    } catch (error) {
      this.#blame(`the companion did not stop as it must: ${describeError(error)}`, error);
      if (error instanceof DeadlineError) await this.#crash();
    }
  }

  async crash(): Promise<void> {
    if (this.#leave()) await this.#crash();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop();
    } finally {
      this.#capture[Symbol.dispose]();
      this.#errors[Symbol.dispose]();
    }
  }

  async #crash(): Promise<void> {
    this.#context.kill();
    try {
      await this.#putDown();
    } catch (error) {
      this.#blame(`the companion could not be crashed: ${describeError(error)}`, error);
    }
  }

  async #putDown(): Promise<void> {
    const { time } = this.#options;
    await withDeadline("crash the companion", CRASH_LIMIT_MS, (signal) =>
      time.runSoon(
        this.#run(() => this.#companion.crash()),
        signal,
      ),
    );
  }

  #run<T>(work: () => T): T {
    return this.#capture.run(() => this.#context.run(work));
  }

  #blame(fault: string, error: unknown): void {
    if (this.#faults.length >= FAULTS_KEPT || this.#faults.includes(fault)) return;
    this.#faults.push(fault);
    this.#options.onFault(fault, error);
  }

  #leave(): boolean {
    const was = this.#isRunning;
    this.#isRunning = false;
    this.#following?.[Symbol.dispose]();
    return was;
  }

  #renew(): void {
    const companion = this.#options.factory();
    this.#formerLines.push(...(this.#companion.logLines ?? []));
    this.#formerLines.splice(0, this.#formerLines.length - FORMER_LINES_KEPT);
    this.#companion = companion;
  }
}

/** Name, message and place of an error, in one line. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error).slice(0, 200);
  const [message] = error.message.split("\n");
  const place = /^\s+at .*?((?:file:|\/|[A-Z]:\\)[^()]*:\d+:\d+)\)?$/m.exec(error.stack ?? "")?.[1];
  return `${error.name}: ${message!.slice(0, 200)}${place === undefined ? "" : ` (at ${place})`}`;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
