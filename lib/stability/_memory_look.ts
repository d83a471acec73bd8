import process from "node:process";
import type { CompanionMemory } from "../harness/companion.ts";
import type { TestEnvironment } from "../harness/environment.ts";
import { PostGcObserver } from "../memory/post_gc_observer.ts";
import { askSoon } from "./_fault_runner.ts";

/** Memory of the companion at one moment, with what this process knows of itself. */
export interface MemoryFigures extends CompanionMemory {
  readonly postGcBytes?: number | undefined;
  readonly arrayBuffersBytes?: number | undefined;
}

/** Asks a companion for its memory: of one in this process, this process's. */
export class MemoryLook implements Disposable {
  readonly #env: TestEnvironment;
  readonly #collections: PostGcObserver | undefined;

  constructor(env: TestEnvironment) {
    this.#env = env;
    if (env.companion.memory || !PostGcObserver.isSupported) return;
    this.#collections = new PostGcObserver();
    this.#collections.start();
  }

  async take(): Promise<MemoryFigures | undefined> {
    const { companion } = this.#env;
    if (companion.memory) return await askSoon(this.#env, () => companion.memory!());
    const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
    return {
      rssBytes: rss,
      heapUsedBytes: heapUsed,
      postGcBytes: this.#collections?.last?.heapUsedBytes,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
    };
  }

  [Symbol.dispose](): void {
    this.#collections?.[Symbol.dispose]();
  }
}
