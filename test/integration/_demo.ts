// The demo as its user starts it: a process of its own, on a free port, with a data directory that the test removes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseEventStream } from "../../lib/feed/parse_event_stream.ts";
import type { FeedMessage } from "../../lib/feed/messages.ts";

const SCRIPT = fileURLToPath(new URL("../../examples/start_dashboard.ts", import.meta.url));

/** Directory that is removed at the end. */
export async function temporaryDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "demi-health-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Result of a process that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The running demo. */
export class Demo implements AsyncDisposable {
  readonly url: string;
  readonly companionUrl: string;
  readonly token: string;
  readonly ended: Promise<Ended>;
  readonly #process: ChildProcess;

  private constructor(
    child: ChildProcess,
    ended: Promise<Ended>,
    url: string,
    companionUrl: string,
    token: string,
  ) {
    this.#process = child;
    this.ended = ended;
    this.url = url;
    this.companionUrl = companionUrl;
    this.token = token;
  }

  /** Starts the demo and resolves once it has printed its addresses. */
  static async start(dataDirectory: string, ...args: string[]): Promise<Demo> {
    const { child, ended } = launch(["--port", "0", "--data-dir", dataDirectory, ...args]);
    const found = new Map<string, string>();
    const lines = createInterface({ input: child.stdout! });
    const ready = Promise.withResolvers<Demo>();
    lines.on("line", (line) => {
      const [, name, value] = /^(Dashboard at|Token for its buttons|Companion at): (\S+)/.exec(line) ?? [];
      if (!name || !value) return;
      found.set(name, value);
      if (found.size < 3) return;
      const read = (key: string): string => found.get(key)!;
      ready.resolve(
        new Demo(child, ended, read("Dashboard at"), read("Companion at"), read("Token for its buttons")),
      );
    });
    void ended.then((end) => ready.reject(new Error(`demo ended early: ${JSON.stringify(end)}`)));
    return ready.promise;
  }

  /** Runs the demo with arguments with which it cannot start. */
  static run(...args: string[]): Promise<Ended> {
    return launch(args).ended;
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#process.kill(signal);
    return this.ended;
  }

  async json<T>(path: string, base: string = this.url): Promise<T> {
    const response = await fetch(new URL(path, base));
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  runAction(id: string, token: string = this.token): Promise<Response> {
    const headers = { authorization: `Bearer ${token}` };
    return fetch(new URL(`/api/actions/${id}`, this.url), { method: "POST", headers });
  }

  /** Messages of the feed, from now on, until the loop is left. */
  async *feed(): AsyncGenerator<FeedMessage, void, undefined> {
    const controller = new AbortController();
    try {
      const response = await fetch(new URL("/feed", this.url), { signal: controller.signal });
      for await (const event of parseEventStream(response.body!)) {
        yield { type: event.event, data: JSON.parse(event.data) } as FeedMessage;
      }
    } finally {
      controller.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGKILL");
  }
}

function launch(args: readonly string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [SCRIPT, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, stdout, stderr }) as Ended);
  return { child, ended };
}
