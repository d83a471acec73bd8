// Pocket Demi for tests: in this process on any clock, or as a process of her own that can be killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PocketDemi } from "../../../examples/demi/pocket_demi.ts";
import { systemClock } from "../../../lib/base/system_clock.ts";
import type { CompanionEnvironment } from "../../../lib/harness/companion.ts";

const MAIN = fileURLToPath(new URL("../../../examples/demi/main.ts", import.meta.url));

/** A directory that is removed at the end. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "pocket-demi-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A Demi that is awake in this process, and stopped at the end. */
export async function wakeDemi(
  env: Partial<CompanionEnvironment> & { readonly dataDirectory: string },
): Promise<PocketDemi & AsyncDisposable> {
  const demi = new PocketDemi();
  await demi.start({ clock: systemClock, listen: { host: "127.0.0.1", port: 0 }, ...env });
  return Object.assign(demi, { [Symbol.asyncDispose]: () => demi.stop() });
}

/** JSON that a GET or, with a body, a POST answers. */
export async function fetchJson(
  url: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const init = body && { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(url, { ...init, headers });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

export interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** A Demi as a process of her own. Killed at the end, if she still lives. */
export class DemiProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(dataDirectory: string, ...args: string[]): Promise<DemiProcess> {
    const child = spawn(process.execPath, [MAIN, "--data-dir", dataDirectory, "--port", "0", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /listens on (\S+)/.exec(line)?.[1];
      if (url) return new DemiProcess(child, url);
    }
    throw new Error("Cannot start Demi: her process ended before it said where it listens");
  }

  /** Ends her with a signal and gives the exit code, `null` for one killed. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const exit = once(this.#child, "exit");
    this.#child.kill(signal);
    const [code] = (await exit) as [number | null];
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}

/** What a run of the script that ends by itself said. */
export async function runDemi(
  ...args: string[]
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
