import process from "node:process";
import { systemClock } from "../base/system_clock.ts";
import { describeRuntime } from "../base/unsupported_error.ts";
import { describeHandle, describeRequest } from "./_describe_handle.ts";
import { ListenerCounts, type ListenerSource } from "./_listener_counts.ts";
import { MadeResources } from "./_made_resources.ts";
import { listFiles, openDescriptors } from "./_open_files.ts";

/** Something that came and did not go. */
export interface Leftover {
  readonly kind: "handle" | "request" | "worker" | "timer" | "listener" | "file" | "descriptor";
  /** In words, such as `server on 127.0.0.1:8080`. */
  readonly what: string;
  /** Where it was made, the innermost of the user's lines first; empty where it is not known. */
  readonly stack: readonly string[];
}

/** What a process has open at a moment, and what came since. */
export class ResourceInventory implements Disposable {
  readonly unsupported: readonly string[];
  readonly #directories: readonly string[];
  readonly #made: MadeResources | undefined;
  readonly #handles: WeakSet<object>;
  readonly #requests: WeakSet<object>;
  readonly #listeners: ListenerCounts;
  readonly #files: ReadonlySet<string>;
  readonly #descriptors: ReadonlyMap<string, string>;

  constructor(emitters: Readonly<Record<string, ListenerSource>>, directories: readonly string[]) {
    const { files, unreadable } = listFiles(directories);
    const descriptors = openDescriptors();
    const handles = active("handle");
    const requests = active("request");
    const runtime = describeRuntime();
    const hasHooks = runtime.startsWith("Node");
    this.#directories = directories;
    this.#files = new Set(files);
    this.#descriptors = descriptors ?? new Map();
    this.#handles = new WeakSet(handles ?? []);
    this.#requests = new WeakSet(requests ?? []);
    this.#listeners = new ListenerCounts({ ...emitters, process });
    this.unsupported = [
      ...(handles ? [] : [`${runtime} does not tell its handles.`]),
      ...(requests ? [] : [`${runtime} does not tell its requests.`]),
      ...(hasHooks ? [] : [`${runtime} does not tell its timers and threads.`]),
      ...(descriptors ? [] : [`${process.platform} does not tell its file descriptors.`]),
      ...unreadable.map((folder) => `${folder} may not be read.`),
    ];
    this.#made = hasHooks ? new MadeResources() : undefined;
  }

  leftovers(): readonly Leftover[] {
    const made = this.#made;
    return [
      ...this.#leftActive("handle"),
      ...this.#leftActive("request"),
      ...this.#hidden(),
      ...(made?.workers() ?? []).map((each) => ({ kind: "worker" as const, ...each })),
      ...(made?.timers() ?? []).map((each) => ({ kind: "timer" as const, ...each })),
      ...this.#listeners.added().map((what) => ({ kind: "listener" as const, what, stack: [] })),
      ...this.#leftFiles(),
      ...this.#leftDescriptors(),
    ];
  }

  /** A sleep whose timer is no finding. */
  sleep(durationMs: number): Promise<void> {
    const sleep = (): Promise<void> => systemClock.sleep(durationMs);
    return this.#made ? this.#made.unnoticed(sleep) : sleep();
  }

  [Symbol.dispose](): void {
    this.#made?.[Symbol.dispose]();
  }

  #leftActive(kind: "handle" | "request"): readonly Leftover[] {
    const [before, describe] =
      kind === "handle" ? [this.#handles, describeHandle] : [this.#requests, describeRequest];
    const left: Leftover[] = [];
    for (const each of active(kind) ?? []) {
      const what = before.has(each) ? undefined : describe(each);
      if (what) left.push({ kind, what, stack: this.#stackOf(each) });
    }
    return left;
  }

  #hidden(): readonly Leftover[] {
    const left: Leftover[] = [];
    for (const { owner, stack } of this.#made?.hidden() ?? []) {
      const what = describeHandle(owner);
      if (what) left.push({ kind: "handle", what: `${what}, which does not keep the process alive`, stack });
    }
    return left;
  }

  // Node lists the object that owns a handle, and calls hooks with the handle itself.
  #stackOf(resource: object): readonly string[] {
    const { _handle } = resource as { readonly _handle?: object | null };
    return this.#made?.stackOf(_handle ?? resource) ?? [];
  }

  #leftFiles(): readonly Leftover[] {
    return listFiles(this.#directories)
      .files.filter((path) => !this.#files.has(path))
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

function active(kind: "handle" | "request"): readonly object[] | undefined {
  if (describeRuntime().startsWith("Bun")) return undefined; // its lists are always empty
  const { _getActiveHandles, _getActiveRequests } = process as {
    readonly _getActiveHandles?: () => readonly object[];
    readonly _getActiveRequests?: () => readonly object[];
  };
  const list = kind === "handle" ? _getActiveHandles : _getActiveRequests;
  return typeof list === "function" ? list.call(process) : undefined;
}
