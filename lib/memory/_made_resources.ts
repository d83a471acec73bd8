import { createHook } from "node:async_hooks";
import process from "node:process";
import type { Worker } from "node:worker_threads";

/** A timer that is set, or a thread that runs. */
export interface MadeResource {
  readonly what: string;
  readonly stack: readonly string[];
}

interface Timer {
  readonly _idleTimeout?: number;
  readonly _repeat?: number | null;
  hasRef?(): boolean;
}

interface Handle {
  readonly fd?: number;
  readonly pid?: number;
  hasRef?(): boolean;
}

interface MadeTimer {
  readonly timer: Timer;
  readonly stack: readonly string[];
  readonly isRuntimes: boolean;
}

const STACK_LINES = 4;
const DEPTH = 50;
const HAS_OWN_STACK =
  /^(?:TCP|PIPE|UDP|PROCESS|FSEVENT|TLS|TTY|GETADDRINFO|GETNAMEINFO|QUERY|FSREQ|MESSAGEPORT)/;
/** What may live on unseen when it does not keep the process alive. Client sockets are none: pools keep those of requests. */
const MAY_HIDE = /^(?:TCPSERVERWRAP|PIPESERVERWRAP|UDPWRAP|PROCESSWRAP)$/;
const OWN_LINES = [import.meta.url, new URL("../base/system_clock.ts", import.meta.url).href];

const TIMER_LINE = /\bnode:(?:timers|internal\/(?:timers|async_hooks))\b/;
const RUNTIME_MAKER = /\bnode:internal\/(?:http|deps)\b/;
const NO_LINE_OF_USER = /\bnode:|<anonymous>\)$/;

const ownListeners = new WeakSet<object>();

/** Whether it is how a watch learns of threads, and nobody's leftover. */
export function isOwnListener(listener: object): boolean {
  return ownListeners.has(listener);
}

/** Notes what is made from now on, and by which line. Node only: no other runtime calls hooks for timers. */
export class MadeResources implements Disposable {
  readonly #timers = new Map<number, MadeTimer>();
  readonly #stacks = new WeakMap<object, readonly string[]>();
  readonly #workers = new Map<Worker, readonly string[]>();
  readonly #hideable = new Map<number, WeakRef<Handle>>();
  readonly #workerStacks: (readonly string[])[] = [];
  readonly #hook: { disable(): unknown };
  readonly #onWorker = (worker: Worker): void => {
    this.#workers.set(worker, this.#workerStacks.shift() ?? []);
  };
  #isPaused = false;

  constructor() {
    ownListeners.add(this.#onWorker);
    process.on("worker", this.#onWorker);
    this.#hook = createHook({
      init: (id, type, _trigger, resource) => this.#note(id, type, resource),
      destroy: (id) => {
        this.#timers.delete(id);
        this.#hideable.delete(id);
      },
      trackPromises: false,
    }).enable();
  }

  /** Where a handle or request was made, the innermost of the user's lines first; empty where it is not known. */
  stackOf(resource: object | undefined): readonly string[] {
    return (resource && this.#stacks.get(resource)) ?? [];
  }

  /** Timers that are set, but for those that the runtime sets for itself and does not wait for. */
  timers(): readonly MadeResource[] {
    return [...this.#timers.values()]
      .filter(({ timer, isRuntimes }) => (timer._idleTimeout ?? 0) > 0 && !(isRuntimes && !hasRef(timer)))
      .map(({ timer, stack }) => ({ what: describeTimer(timer), stack }));
  }

  /** Threads that run. */
  workers(): readonly MadeResource[] {
    for (const worker of this.#workers.keys()) if (worker.threadId < 0) this.#workers.delete(worker);
    return [
      ...[...this.#workers].map(([{ threadId }, stack]) => ({ what: `worker thread ${threadId}`, stack })),
      // they are announced a turn of the event loop later
      ...this.#workerStacks.map((stack) => ({ what: "worker thread that is about to start", stack })),
    ];
  }

  /** Servers and processes that live and do not keep this process alive: the runtime does not list them. */
  hidden(): readonly { readonly owner: object; readonly stack: readonly string[] }[] {
    return [...this.#hideable.values()].flatMap((reference) => {
      const handle = reference.deref();
      if (!handle || handle.hasRef?.() !== false || !isOpen(handle)) return [];
      const symbol = Object.getOwnPropertySymbols(handle).find(
        ({ description }) => description === "owner_symbol",
      );
      const owner = symbol && (handle as { readonly [name: symbol]: unknown })[symbol];
      return typeof owner === "object" && owner !== null ? [{ owner, stack: this.stackOf(handle) }] : [];
    });
  }

  /** Notes nothing that `make` makes. */
  unnoticed<T>(make: () => T): T {
    this.#isPaused = true;
    try {
      return make();
    } finally {
      this.#isPaused = false;
    }
  }

  [Symbol.dispose](): void {
    this.#hook.disable();
    process.off("worker", this.#onWorker);
    this.#timers.clear();
    this.#hideable.clear();
    this.#workers.clear();
  }

  #note(id: number, type: string, resource: object): void {
    if (this.#isPaused) return;
    if (type === "Timeout") this.#timers.set(id, describeMaker(resource as Timer));
    else if (type === "WORKER") this.#workerStacks.push(ofUser(callers()));
    else if (HAS_OWN_STACK.test(type)) this.#stacks.set(resource, ofUser(callers()));
    if (MAY_HIDE.test(type)) this.#hideable.set(id, new WeakRef(resource as Handle));
  }
}

function isOpen({ fd, pid }: Handle): boolean {
  if (pid === undefined) return fd === undefined || fd >= 0;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function describeTimer(timer: Timer): string {
  const kind = typeof timer._repeat === "number" ? "interval" : "timeout";
  return `${kind} of ${timer._idleTimeout} ms${hasRef(timer) ? "" : ", which does not keep the process alive"}`;
}

function hasRef(timer: Timer): boolean {
  return timer.hasRef?.() !== false;
}

// The clock of HTTP's date header and the ones of `fetch` begin below the user's lines, too; who called for them says nothing.
function describeMaker(timer: Timer): MadeTimer {
  const lines = callers();
  const stack = ofUser(lines);
  const maker = lines.find((line) => !TIMER_LINE.test(line));
  return {
    timer,
    stack,
    isRuntimes: stack.length === 0 || (maker !== undefined && RUNTIME_MAKER.test(maker)),
  };
}

function ofUser(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !NO_LINE_OF_USER.test(line)).slice(0, STACK_LINES);
}

function callers(): readonly string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH; // more than ten frames of the runtime may lie above the user's line
  const { stack = "" } = new Error("made");
  Error.stackTraceLimit = stackTraceLimit;
  return stack
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => !OWN_LINES.some((own) => line.includes(own)));
}
