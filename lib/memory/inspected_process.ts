import { once } from "node:events";
import { WebSocket } from "ws";
import { withDeadline } from "../base/deadline.ts";
import { systemClock } from "../base/system_clock.ts";
import { askInspector, countConnections, openInspector } from "./_find_inspector.ts";
import { type HeapProfile, toAllocations } from "./_heap_profile.ts";
import { CLOSE_INSPECTOR, NOTE_OPENED, WAS_OPENED } from "./_remote_expressions.ts";
import type { AllocationProfile } from "./allocation_profile.ts";
import { SamplingLostError } from "./sampling_lost_error.ts";

/** Which process: by number (Linux), or by the address that `node --inspect` prints. */
export type InspectTarget = { readonly pid: number } | { readonly url: string };

/** The inspected process ended, refused, or did not answer. */
export class InspectorError extends Error {
  override readonly name = "InspectorError";
}

const START_MS = 5000;
const START_STEP_MS = 10;
const ANSWER_MS = 60_000;
const CLOSE_MS = 3000;
const MAX_MESSAGE_BYTES = 1 << 30;

interface ExceptionDetails {
  readonly text: string;
  readonly exception?: { readonly description?: string };
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A Node process seen through its inspector: its heap from inside, without a line of code in it. An inspector that was opened by
 * process number is closed again when the last leaves it.
 */
export class InspectedProcess implements AsyncDisposable {
  readonly #socket: WebSocket;
  /** Of the process, where it was found by it. */
  readonly #pid: number | undefined;
  readonly #waiting = new Map<number, Waiting>();
  #samplingIntervalBytes = 0;
  #next = 1;

  private constructor(socket: WebSocket, pid: number | undefined) {
    this.#socket = socket;
    this.#pid = pid;
    socket.on("message", (data) => this.#take(String(data)));
    socket.on("close", () => this.#fail("must live, got one that ended"));
    socket.on("error", (error) => this.#fail(`must be reachable, got ${error.message}`));
  }

  /**
   * @throws {NoSuchProcessError} If no such process lives.
   * @throws {TypeError} If it is not Node, or has no inspector at that address.
   * @throws {UnsupportedError} By number, on other systems than Linux.
   */
  static async attach(target: InspectTarget): Promise<InspectedProcess> {
    const found =
      "pid" in target
        ? await openInspector(target.pid)
        : { url: await socketAddress(target.url), wasOpened: false };
    const socket = new WebSocket(found.url, { perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
    try {
      await once(socket, "open");
    } catch (cause) {
      throw new InspectorError(`Cannot inspect process: ${found.url} must accept a connection`, { cause });
    }
    await using starting = new AsyncDisposableStack();
    const inspected = starting.use(new InspectedProcess(socket, "pid" in target ? target.pid : undefined));
    if (found.wasOpened) await inspected.evaluate(NOTE_OPENED);
    // a process that ends waits for its debuggers to let go, for ever if need be
    await inspected.#ask("NodeRuntime.notifyWhenWaitingForDisconnect", { enabled: true });
    await inspected.#whenStarted();
    starting.move();
    return inspected;
  }

  /**
   * Value of an expression in the process, as JSON carries it.
   *
   * @throws {InspectorError} If it throws, or the process ended.
   */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = (await this.#ask("Runtime.evaluate", {
      expression,
      returnByValue: true,
    })) as { result?: { value?: unknown }; exceptionDetails?: ExceptionDetails };
    if (exceptionDetails) {
      const [what] = (exceptionDetails.exception?.description ?? exceptionDetails.text).split("\n");
      throw new InspectorError(`Cannot inspect process: it must evaluate, got ${what}`);
    }
    return result?.value;
  }

  /** Collects all garbage of the process. It stops for some 10 to 100 ms. */
  async collectGarbage(): Promise<void> {
    await this.#ask("HeapProfiler.collectGarbage");
  }

  /**
   * Begins to sample allocations: what was there before is in no profile. Where it is sampled already, by itself or through
   * another inspector, those samples are read: V8 has one sampler, and who starts it again would end it for the other.
   */
  async startSampling(samplingIntervalBytes: number): Promise<void> {
    this.#samplingIntervalBytes = samplingIntervalBytes;
    if ((await this.#readSamples()) === undefined) await this.#sample();
  }

  /**
   * The sampled objects that are alive.
   *
   * @throws {SamplingLostError} If another inspector ended the sampling. It is begun anew.
   */
  async readProfile(): Promise<AllocationProfile> {
    const profile = await this.#readSamples();
    if (!profile) {
      await this.#sample();
      throw new SamplingLostError();
    }
    const allocations = toAllocations(profile);
    return {
      timestamp: systemClock.now(),
      samplingIntervalBytes: this.#samplingIntervalBytes,
      totalBytes: allocations.reduce((sum, { bytes }) => sum + bytes, 0),
      allocations,
    };
  }

  /** Lets go of the process: sampling ends with the connection. Does nothing when it ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const closed = once(this.#socket, "close").catch(() => undefined);
    const isClosing = await this.#closeIfLast().catch(() => false); // it ended meanwhile: that is what was wanted
    if (isClosing) await this.#untilClosed(closed);
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close();
    await closed;
  }

  async #sample(): Promise<void> {
    await this.#ask("HeapProfiler.startSampling", { samplingInterval: this.#samplingIntervalBytes });
  }

  /** Undefined where nobody samples. */
  async #readSamples(): Promise<HeapProfile | undefined> {
    try {
      const { profile } = (await this.#ask("HeapProfiler.getSamplingProfile")) as { profile: HeapProfile };
      return profile;
    } catch (error) {
      if (error instanceof InspectorError && error.message.includes("not started")) return undefined;
      throw error;
    }
  }

  /** Closes an inspector that was opened by process number, unless somebody else is connected. */
  async #closeIfLast(): Promise<boolean> {
    if (this.#pid === undefined || countConnections(this.#pid, this.#port) !== 1) return false;
    if ((await this.evaluate(WAS_OPENED)) !== true) return false;
    await this.evaluate(CLOSE_INSPECTOR);
    return true;
  }

  /**
   * An inspector that is closed while its client leaves kills its process (Node 26, one time in five): it must be the one who
   * hangs up. One that is too busy for that does so when the client has long gone.
   */
  async #untilClosed(closed: Promise<unknown>): Promise<void> {
    const limit = new AbortController();
    const { signal } = limit;
    const patience = systemClock.sleep(CLOSE_MS, { signal, keepAlive: false }).catch(() => undefined);
    await Promise.race([closed, patience]);
    limit.abort();
  }

  get #port(): number {
    return Number(new URL(this.#socket.url).port);
  }

  /**
   * A process answers its inspector while its runtime is still being set up, and what is loaded then breaks: its event
   * loop must have turned. One that is too busy to turn has long begun.
   */
  async #whenStarted(): Promise<void> {
    const limit = new AbortController();
    const patience = systemClock
      .sleep(START_MS, { signal: limit.signal, keepAlive: false })
      .catch(() => undefined);
    const turned = async (): Promise<void> => {
      while ((await this.evaluate("typeof setImmediate")) !== "function")
        await systemClock.sleep(START_STEP_MS);
      const expression = "new Promise((resolve) => void setImmediate(resolve))";
      await this.#ask("Runtime.evaluate", { expression, awaitPromise: true });
    };
    try {
      await Promise.race([turned(), patience]);
    } finally {
      limit.abort();
    }
  }

  async #ask(method: string, params: object = {}): Promise<unknown> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      throw new InspectorError("Cannot inspect process: it must live, got one that ended");
    }
    const id = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ id, method, params }));
    try {
      return await withDeadline(`ask an inspected process (${method})`, ANSWER_MS, () => promise);
    } finally {
      this.#waiting.delete(id);
    }
  }

  #take(text: string): void {
    const { id, method, result, error } = JSON.parse(text) as Answer;
    if (method === "NodeRuntime.waitingForDisconnect") return this.#socket.close();
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (error)
      waiting?.reject(new InspectorError(`Cannot inspect process: it must answer, got ${error.message}`));
    else waiting?.resolve(result);
  }

  #fail(rule: string): void {
    for (const { reject } of this.#waiting.values()) {
      reject(new InspectorError(`Cannot inspect process: it ${rule}`));
    }
    this.#waiting.clear();
  }
}

async function socketAddress(url: string): Promise<string> {
  if (/^wss?:/.test(url)) return url;
  const found = URL.canParse(url) ? await askInspector(url) : undefined;
  if (found !== undefined) return found;
  throw new TypeError(
    `Cannot inspect process: 'url' must be of an inspector, such as http://127.0.0.1:9229, got ${url}`,
  );
}
