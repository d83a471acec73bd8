import { Worker } from "node:worker_threads";
import type { ClockTimer } from "../base/clock.ts";
import { systemClock } from "../base/system_clock.ts";
import type { StoreContent } from "./_content.ts";
import type { ReadImage } from "./_image.ts";
import { buffersOf } from "./_pack.ts";

/** What the thread is asked for. */
export type ImageRequest =
  | { readonly id: number; readonly kind: "make"; readonly content: StoreContent }
  | { readonly id: number; readonly kind: "read"; readonly image: Uint8Array };

/** What it answers. */
export type ImageReply =
  | { readonly id: number; readonly kind: "made"; readonly image: Uint8Array }
  | { readonly id: number; readonly kind: "read"; readonly result: ReadImage }
  | { readonly id: number; readonly kind: "failed"; readonly error: unknown };

type Unsent = ImageRequest extends infer Request
  ? Request extends ImageRequest
    ? Omit<Request, "id">
    : never
  : never;

// A thread and its database take some ten megabytes, and are needed for a moment every ten minutes.
const IDLE_MS = 5000;

/** The bytes of a database with all of it. What it is given is handed over. */
export async function makeImage(content: StoreContent): Promise<Uint8Array> {
  const reply = await ask({ kind: "make", content }, buffersOf(content.pack));
  if (reply.kind !== "made") throw new Error(`Cannot make image: got ${reply.kind}`);
  return reply.image;
}

/** What the bytes of a file say. */
export async function readImage(image: Uint8Array): Promise<ReadImage> {
  const reply = await ask({ kind: "read", image }, []);
  if (reply.kind !== "read") throw new Error(`Cannot read image: got ${reply.kind}`);
  return reply.result;
}

interface Waiter {
  readonly resolve: (reply: ImageReply) => void;
  readonly reject: (error: unknown) => void;
}

// One for all stores of a process: they seldom save at once.
let thread: Worker | undefined;
let idle: ClockTimer | undefined;
let lastId = 0;
const waiters = new Map<number, Waiter>();

function ask(request: Unsent, transfer: ArrayBuffer[]): Promise<ImageReply> {
  const { promise, resolve, reject } = Promise.withResolvers<ImageReply>();
  const id = ++lastId;
  waiters.set(id, { resolve, reject });
  idle?.cancel();
  thread ??= start();
  thread.ref(); // whoever waits for a save is not to see the process end before
  try {
    thread.postMessage({ ...request, id }, transfer);
  } catch (error) {
    waiters.delete(id);
    if (waiters.size === 0) rest(thread);
    throw error;
  }
  return promise;
}

function start(): Worker {
  // the host's own arguments, such as --eval, are not the thread's
  const worker = new Worker(new URL("_image_worker.ts", import.meta.url), {
    execArgv: [],
    name: "demi-health store",
  });
  worker.on("message", (reply: ImageReply) => {
    const waiter = waiters.get(reply.id);
    waiters.delete(reply.id);
    if (waiters.size === 0) rest(worker);
    if (reply.kind === "failed") waiter?.reject(reply.error);
    else waiter?.resolve(reply);
  });
  const fail = (error: unknown): void => {
    if (thread !== worker) return;
    thread = undefined;
    for (const waiter of waiters.values()) waiter.reject(error);
    waiters.clear();
  };
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`the store's thread ended with code ${code}`)));
  return worker;
}

function rest(worker: Worker): void {
  worker.unref();
  idle = systemClock.setTimer(
    () => {
      if (thread === worker) thread = undefined;
      void worker.terminate();
    },
    IDLE_MS,
    { keepAlive: false },
  );
}
