import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What to start: a program of a Debian package, with its configuration. */
export interface RealServerOptions {
  readonly command: string;
  /** Written to a file. */
  readonly config: unknown;
  /** Given the file, a folder for its data, and the address that it must listen on. */
  readonly args: (config: string, folder: string, address: string) => readonly string[];
}

/** Why a program is not there to try things with; undefined where it is. */
export function missingProgram(command: string): string | undefined {
  return spawnSync(command, ["--version"]).error && `${command} is not installed (Debian: ${command})`;
}

/** A server that is not ours, in a process and a folder of its own, on loopback. */
export class RealServer implements AsyncDisposable {
  readonly url: string;
  readonly #command: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  #log = "";

  private constructor(command: string, url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#command = command;
    this.#child = child;
    this.#folder = folder;
    child.stderr!.on("data", (data) => (this.#log += String(data)));
  }

  static async start({ command, config, args }: RealServerOptions): Promise<RealServer> {
    const folder = await mkdtemp(join(tmpdir(), "demi-real-server-"));
    const file = join(folder, "config.yml");
    await writeFile(file, JSON.stringify(config)); // JSON is YAML
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(command, args(file, join(folder, "data"), address), {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return new RealServer(command, `http://${address}`, child, folder);
  }

  /** What it answers, asked again until it is as wanted. */
  async until<T>(path: string, isWanted: (answer: T) => boolean): Promise<T> {
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`${this.#command} has ended: ${this.#log}`);
      const response = await fetch(`${this.url}${path}`).catch(() => undefined);
      const answer = response?.ok ? ((await response.json()) as T) : undefined;
      if (answer !== undefined && isWanted(answer)) return answer;
      await sleep(100);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    if (this.#child.kill("SIGTERM")) await ended;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
