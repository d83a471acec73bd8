import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { DeadlineError, withDeadline } from "../base/deadline.ts";
import { LogCapture } from "./_log_capture.ts";
import type { EnvironmentTime } from "./_time.ts";
import type { Companion, CompanionEnvironment, CompanionFactory } from "./companion.ts";

const LIMIT_MS = 20_000;

/** The companion of an environment through all its starts, stops and crashes. */
export class CompanionLife implements AsyncDisposable {
  readonly #factory: CompanionFactory;
  readonly #time: EnvironmentTime;
  readonly #capture: LogCapture;
  readonly #faults: string[] = [];
  readonly #formerLines: string[] = [];
  #companion: Companion;
  #isRunning = false;
  #isFresh = true;
  #following: Disposable | undefined;
  #port = 0;

  /** @param first The companion that is started first; the factory makes those after it. */
  constructor(first: Companion, factory: CompanionFactory, time: EnvironmentTime, showLogs: boolean) {
    this.#companion = first;
    this.#factory = factory;
    this.#time = time;
    this.#capture = new LogCapture(showLogs);
  }

  get companion(): Companion {
    return this.#companion;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** What the companion did wrong at being stopped, one sentence each. */
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
    const companion = this.#companion;
    // an app knows its companion by its address; a process must be told one that is free
    this.#port ||= companion.keepsOwnTime ? await freePort() : 0;
    const listen = listens ? { host: "127.0.0.1", port: this.#port } : undefined;
    const clock = this.#time.virtualClock ? this.#capture.bind(env.clock) : env.clock;
    await this.#time.runSoon(this.#capture.run(() => companion.start({ ...env, clock, listen })));
    this.#isRunning = true;
    this.#port = Number(URL.parse(companion.url ?? "")?.port ?? this.#port);
    this.#following = companion.advance && this.#time.virtualClock?.follow((ms) => companion.advance!(ms));
  }

  /** Graceful; a companion that hangs is crashed, and that is a fault of its own. */
  async stop(): Promise<void> {
    if (!this.#leave()) return;
    try {
      await withDeadline("stop the companion", LIMIT_MS, () =>
        this.#time.runSoon(this.#capture.run(() => this.#companion.stop())),
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#faults.push(`the companion did not stop as it must: ${reason}`);
      if (error instanceof DeadlineError) await this.#crash();
    }
  }

  async crash(): Promise<void> {
    if (this.#leave()) await this.#crash();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#capture[Symbol.dispose]();
  }

  #crash(): Promise<void> {
    return withDeadline("crash the companion", LIMIT_MS, () =>
      this.#time.runSoon(this.#capture.run(() => this.#companion.crash())),
    );
  }

  #leave(): boolean {
    const was = this.#isRunning;
    this.#isRunning = false;
    this.#following?.[Symbol.dispose]();
    return was;
  }

  #renew(): void {
    this.#formerLines.push(...(this.#companion.logLines ?? []).slice(-200));
    this.#formerLines.splice(0, this.#formerLines.length - 1000);
    this.#companion = this.#factory();
  }
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
