import { once } from "node:events";
import { WebSocket } from "ws";
import { withDeadline } from "../base/deadline.ts";
import { systemClock } from "../base/system_clock.ts";
import { askInspector, openInspector } from "./_find_inspector.ts";
import { type HeapProfile, toAllocations } from "./_heap_profile.ts";
import type { AllocationProfile } from "./allocation_profile.ts";

/** Which process: by number (Linux), or by the address that `node --inspect` prints. */
export type InspectTarget = { readonly pid: number } | { readonly url: string };

/** The inspected process ended, refused, or did not answer. */
export class InspectorError extends Error {
  override readonly name = "InspectorError";
}

const START_MS = 5000;
const START_STEP_MS = 10;
const ANSWER_MS = 60_000;
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
 * A Node process seen through its inspector: its heap from inside, without a line of code in it. Opened by process number
 * it is closed again in the end.
 */
export class InspectedProcess implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #closesInspector: boolean;
  readonly #waiting = new Map<number, Waiting>();
  #samplingIntervalBytes = 0;
  #next = 1;

  private constructor(socket: WebSocket, closesInspector: boolean) {
    this.#socket = socket;
    this.#closesInspector = closesInspector;
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
    const inspected = new InspectedProcess(socket, found.wasOpened);
    // a process that ends waits for its debuggers to let go, for ever if need be
    await inspected.#ask("NodeRuntime.notifyWhenWaitingForDisconnect", { enabled: true });
    await inspected.#whenStarted();
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

  /** Begins to sample allocations: what was there before is in no profile. */
  async startSampling(samplingIntervalBytes: number): Promise<void> {
    await this.#ask("HeapProfiler.startSampling", { samplingInterval: samplingIntervalBytes });
    this.#samplingIntervalBytes = samplingIntervalBytes;
  }

  /** The sampled objects that are alive. */
  async readProfile(): Promise<AllocationProfile> {
    const { profile } = (await this.#ask("HeapProfiler.getSamplingProfile")) as { profile: HeapProfile };
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
    if (this.#closesInspector) {
      const close = "setImmediate(() => process.getBuiltinModule('node:inspector').close()), 0";
      await this.evaluate(close).catch(() => undefined); // it ended meanwhile: that is what was wanted
    }
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed.catch(() => undefined);
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
