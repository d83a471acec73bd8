import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";
import { RingBuffer } from "../base/ring_buffer.ts";

const LINES_KEPT = 2000;
const LINE_LENGTH = 4000;
const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;

const writers = new AsyncLocalStorage<LogCapture>();
let living = 0;
let restore: (() => void) | undefined;

type Write = typeof process.stdout.write;

/**
 * What one companion in this process writes to the console and the standard streams: known by the asynchronous
 * context that it was started in, so that companions side by side are told apart. While none is captured, nothing of
 * the process is changed.
 */
export class LogCapture implements Disposable {
  readonly #lines = new RingBuffer<string>(LINES_KEPT);
  readonly #shows: boolean;
  #isEnded = false;

  /** @param shows Whether what is written is shown, too. */
  constructor(shows: boolean) {
    this.#shows = shows;
    if (living++ === 0) restore = install();
  }

  /** The last 2000 lines. */
  get lines(): readonly string[] {
    return [...this.#lines];
  }

  /** Runs `work`; what it writes, then and later, belongs here. */
  run<T>(work: () => T): T {
    return writers.run(this, work);
  }

  /** Takes what was written; says whether it may be shown. */
  take(text: string): boolean {
    if (this.#isEnded) return true;
    for (const line of text.replace(/\n$/, "").split("\n")) this.#lines.push(line.slice(0, LINE_LENGTH));
    return this.#shows;
  }

  [Symbol.dispose](): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (--living === 0) restore?.();
  }
}

function install(): () => void {
  const undo = [...METHODS.map(watchConsole), watchStream(process.stdout), watchStream(process.stderr)];
  return () => undo.forEach((put) => put());
}

function watchConsole(method: (typeof METHODS)[number]): () => void {
  const original = console[method];
  const watched = (...values: unknown[]): void => {
    const shows = writers.getStore()?.take(format(...values)) ?? true;
    // outside of the context, so that the stream below does not take it a second time
    if (shows) writers.exit(() => original.apply(console, values));
  };
  console[method] = watched;
  return () => {
    if (console[method] === watched) console[method] = original; // else somebody else's is in between
  };
}

function watchStream(stream: NodeJS.WriteStream): () => void {
  const original = stream.write;
  const watched = ((chunk: string | Uint8Array, ...rest: never[]): boolean => {
    const capture = writers.getStore();
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    if (!capture || capture.take(text)) return original.call(stream, chunk, ...rest);
    const done = rest.find((each): each is never => typeof each === "function") as (() => void) | undefined;
    if (done) queueMicrotask(done);
    return true;
  }) as Write;
  stream.write = watched;
  return () => {
    if (stream.write === watched) stream.write = original;
  };
}
