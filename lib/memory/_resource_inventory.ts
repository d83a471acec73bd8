import { createHook } from "node:async_hooks";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { kindOf } from "../base/process_memory.ts";
import { systemClock } from "../base/system_clock.ts";
import { describeRuntime } from "../base/unsupported_error.ts";

/** Something that came and did not go. */
export interface Leftover {
  readonly kind: "handle" | "timer" | "listener" | "file" | "descriptor";
  /** In words, such as `server on 127.0.0.1:8080`. */
  readonly what: string;
  /** Where it was made, the innermost of the user's lines first; empty where it is not known. */
  readonly stack: readonly string[];
}

interface Emitter {
  eventNames(): readonly (string | symbol)[];
  listenerCount(name: string | symbol): number;
}

interface MadeTimer {
  readonly timer: { hasRef?(): boolean; readonly _idleTimeout?: number; readonly _repeat?: number | null };
  readonly stack: readonly string[];
}

const STACK_LINES = 4;

/** What a process has open at a moment, and what came since. */
export class ResourceInventory implements Disposable {
  readonly unsupported: readonly string[];
  readonly #emitters: Readonly<Record<string, Emitter>>;
  readonly #directories: readonly string[];
  readonly #handles: ReadonlySet<object>;
  readonly #listeners: ReadonlyMap<string, number>;
  readonly #files: ReadonlySet<string>;
  readonly #descriptors: ReadonlyMap<string, string>;
  readonly #timers = new Map<number, MadeTimer>();
  readonly #stacks = new Map<object, readonly string[]>();
  readonly #hook: { disable(): unknown } | undefined;
  #isOwnTimer = false;

  constructor(emitters: Readonly<Record<string, Emitter>>, directories: readonly string[]) {
    this.#emitters = { ...emitters, process };
    this.#directories = directories;
    this.#handles = new Set(activeHandles() ?? []);
    this.#listeners = this.#countListeners();
    this.#files = new Set(this.#listFiles());
    this.#descriptors = openDescriptors() ?? new Map();
    const runtime = describeRuntime();
    const missing: string[] = [];
    if (!activeHandles()) missing.push(`${runtime} does not tell its handles.`);
    if (!openDescriptors()) missing.push(`${process.platform} does not tell its file descriptors.`);
    const hasHooks = runtime.startsWith("Node");
    if (!hasHooks) missing.push(`${runtime} does not tell its timers.`);
    this.#hook = hasHooks ? this.#watchTimers() : undefined;
    this.unsupported = missing;
  }

  leftovers(): readonly Leftover[] {
    return [
      ...this.#leftHandles(),
      ...this.#leftTimers(),
      ...this.#leftListeners(),
      ...this.#leftFiles(),
      ...this.#leftDescriptors(),
    ];
  }

  /** A sleep whose timer is no finding. */
  sleep(durationMs: number): Promise<void> {
    this.#isOwnTimer = true;
    try {
      return systemClock.sleep(durationMs);
    } finally {
      this.#isOwnTimer = false;
    }
  }

  [Symbol.dispose](): void {
    this.#hook?.disable();
    this.#timers.clear();
    this.#stacks.clear();
  }

  #watchTimers(): { disable(): unknown } {
    return createHook({
      init: (id, type, _trigger, resource) => {
        if (this.#isOwnTimer) return;
        if (type === "Timeout") this.#timers.set(id, { timer: resource, stack: callers() });
        else if (/^(TCP|PIPE|UDP|PROCESS|FSEVENT|TLS|TTY)/.test(type)) this.#stacks.set(resource, callers());
      },
      destroy: (id) => void this.#timers.delete(id),
    }).enable();
  }

  #leftHandles(): readonly Leftover[] {
    const left: Leftover[] = [];
    for (const handle of activeHandles() ?? []) {
      if (this.#handles.has(handle)) continue;
      const what = describeHandle(handle);
      const { _handle } = handle as { readonly _handle?: object };
      if (what) left.push({ kind: "handle", what, stack: (_handle && this.#stacks.get(_handle)) ?? [] });
    }
    return left;
  }

  #leftTimers(): readonly Leftover[] {
    return [...this.#timers.values()]
      .filter(({ timer }) => (timer._idleTimeout ?? 0) > 0)
      .map(({ timer, stack }) => {
        const repeats = typeof timer._repeat === "number";
        const idle = timer.hasRef?.() === false ? ", which does not keep the process alive" : "";
        return {
          kind: "timer",
          what: `${repeats ? "interval" : "timeout"} of ${timer._idleTimeout} ms${idle}`,
          stack,
        };
      });
  }

  #countListeners(): ReadonlyMap<string, number> {
    return new Map(
      Object.entries(this.#emitters).flatMap(([name, emitter]) =>
        emitter
          .eventNames()
          .map((event) => [`'${String(event)}' of ${name}`, emitter.listenerCount(event)] as const),
      ),
    );
  }

  #leftListeners(): readonly Leftover[] {
    return [...this.#countListeners()].flatMap(([name, count]) => {
      const more = count - (this.#listeners.get(name) ?? 0);
      if (more <= 0) return [];
      const what = `${more} listener${more > 1 ? "s" : ""} for ${name}`;
      return [{ kind: "listener" as const, what, stack: [] }];
    });
  }

  #listFiles(): readonly string[] {
    return this.#directories.flatMap((directory) => {
      try {
        return readdirSync(directory, { recursive: true, encoding: "utf8" }).map((name) =>
          join(directory, name),
        );
      } catch {
        return []; // a folder that is gone has nothing left in it
      }
    });
  }

  #leftFiles(): readonly Leftover[] {
    return this.#listFiles()
      .filter((path) => !this.#files.has(path))
      .map((what) => ({ kind: "file", what, stack: [] }));
  }

  #leftDescriptors(): readonly Leftover[] {
    return [...(openDescriptors() ?? [])]
      .filter(([id, target]) => this.#descriptors.get(id) !== target)
      .map(([id, target]) => ({ kind: "descriptor", what: `${target} (descriptor ${id})`, stack: [] }));
  }
}

/** A line each, with the line that made it. */
export function formatLeftovers(left: readonly Leftover[]): string {
  const lines = left.slice(0, 20).map(({ what, stack }) => {
    return `\n    ${what}${stack[0] === undefined ? "" : `, made ${stack[0]}`}`;
  });
  return lines.join("") + (left.length > 20 ? `\n    and ${left.length - 20} more` : "");
}

function activeHandles(): readonly object[] | undefined {
  const { _getActiveHandles: list } = process as { _getActiveHandles?: () => readonly object[] };
  return typeof list === "function" ? list.call(process) : undefined;
}

interface Handle {
  readonly constructor?: { readonly name?: string };
  readonly fd?: number;
  readonly pid?: number;
  readonly spawnfile?: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly localPort?: number;
  readonly destroyed?: boolean;
  readonly listening?: boolean;
  address?(): unknown;
}

/** Undefined for what is no finding: the standard streams. */
function describeHandle(handle: object): string | undefined {
  const { constructor, pid, spawnfile, remoteAddress, remotePort, localPort } = handle as Handle;
  const { fd, destroyed, listening } = handle as Handle;
  const name = constructor?.name ?? "handle";
  if (destroyed || (fd !== undefined && fd >= 0 && fd <= 2)) return undefined;
  if (pid !== undefined) return `child process ${pid} (${spawnfile ?? "unknown"})`;
  if (remoteAddress !== undefined) {
    return `socket to ${remoteAddress}:${remotePort} (own port ${localPort})`;
  }
  const address = addressOf(handle as Handle);
  if (address === undefined) return name;
  return listening ? `server on ${address}` : `${name} on ${address}, connected to nobody`;
}

function addressOf(handle: Handle): string | undefined {
  try {
    const address = handle.address?.();
    if (typeof address === "string") return address;
    const { address: host, port } = (address ?? {}) as { address?: string; port?: number };
    return host === undefined ? undefined : `${host}:${port}`;
  } catch {
    return undefined; // a socket that is not bound throws
  }
}

/** Open files, pipes and devices by number; sockets are told as handles. Linux only. */
function openDescriptors(): ReadonlyMap<string, string> | undefined {
  const folder = "/proc/self/fd";
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const found = new Map<string, string>();
  for (const name of names) {
    const target = linkOf(join(folder, name));
    const kind = kindOf(target);
    // the listing itself was open while it was made
    if (target && (kind === "file" || kind === "pipe") && !target.startsWith("/proc/"))
      found.set(name, target);
  }
  return found;
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

const RUNTIME_LINE = /node:|_resource_inventory|system_clock/;

function callers(): readonly string[] {
  const { stack = "" } = new Error("made");
  return stack
    .split("\n")
    .slice(2)
    .map((line) => line.trim())
    .filter((line) => !RUNTIME_LINE.test(line))
    .slice(0, STACK_LINES);
}
