// A reader that is this many messages behind gets a snapshot instead: what it missed is in there.
const MAX_QUEUED = 64;

/**
 * The stream to one reader. Its queue is bounded: a reader that does not keep up loses the queue and gets, when it
 * reads again, what `catchUp` makes; when that cannot be made, the stream ends.
 */
export class FeedConnection {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #catchUp: () => Uint8Array | undefined;
  readonly #onEnd: (connection: FeedConnection) => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #queue: Uint8Array[] = [];
  #isBehind = false;
  #ended = false;

  constructor(
    first: readonly Uint8Array[],
    catchUp: () => Uint8Array | undefined,
    onEnd: (connection: FeedConnection) => void,
  ) {
    this.#catchUp = catchUp;
    this.#onEnd = onEnd;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          controller.enqueue(concatenate(first)); // not through the queue, where its length could cost the greeting
        },
        pull: () => this.#flush(),
        cancel: () => this.#end(),
      },
      { highWaterMark: 1 },
    );
  }

  /** Number of messages that wait for the reader. */
  get queued(): number {
    return this.#queue.length;
  }

  send(chunk: Uint8Array): void {
    if (this.#ended || this.#isBehind) return;
    this.#queue.push(chunk);
    if (this.#queue.length > MAX_QUEUED) {
      this.#queue = [];
      this.#isBehind = true;
    }
    if ((this.#controller.desiredSize ?? 0) > 0) this.#flush();
  }

  /** Sends only when nothing waits: a comment says nothing that a message does not say. */
  sendWhenIdle(chunk: Uint8Array): void {
    if (this.#queue.length === 0) this.send(chunk);
  }

  close(): void {
    if (this.#ended) return;
    this.#controller.close();
    this.#end();
  }

  #flush(): void {
    if (this.#ended) return;
    if (this.#isBehind) {
      const state = this.#catchUp();
      if (!state) return this.close();
      this.#queue = [state];
    }
    const waiting = this.#queue;
    // before the enqueue, which may call back into here through `pull` and must not find the same chunks again
    this.#isBehind = false;
    this.#queue = [];
    if (waiting.length > 0) this.#controller.enqueue(concatenate(waiting)); // one write for all that waits
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#queue = [];
    this.#onEnd(this);
  }
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const joined = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
