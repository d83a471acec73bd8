import { execFile } from "node:child_process";
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { ProcessSettings } from "../../harness/companion.ts";
import { type FileOperation, parseFileLog } from "./file_operation.ts";

const SOURCE = fileURLToPath(new URL("file_layer.c", import.meta.url));
const COMPILERS = ["cc", "gcc", "clang"];
const PAGE_BYTES = 4096;

// Order of the numbers in the shared page; file_layer.c has the same.
const FIELDS = ["loaded", "operations", "killAt", "killed", "full", "refused", "clockOffsetMs"] as const;
type Field = (typeof FIELDS)[number];

/** The file layer cannot be here: another system than Linux, or no C compiler. */
export class FileLayerError extends Error {
  override readonly name: string = "FileLayerError";
}

/**
 * A layer between a process, in any language, and its files: it is loaded into the process (`LD_PRELOAD`), writes down
 * what the process changes and syncs below one directory, and on demand lets the disk be full, the process die at its
 * n-th operation, or its wall clock jump. Nothing of it needs root.
 *
 * It sees what goes through the C library, as Node, its built-in SQLite and Python do. It does not see a program that
 * calls the system by itself, as those written in Go do, nor `FILE*` streams, io_uring and what is written into mapped
 * memory: whether it has seen all is found out by comparing, not assumed. Linux only; built on the spot, with a C compiler.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { execFileSync } from "node:child_process";
 * import { mkdtempDisposableSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { FileLayer } from "demi-health/stability";
 *
 * await using layer = await FileLayer.build();
 * using directory = mkdtempDisposableSync(`${tmpdir()}/layer-`);
 * await using files = await layer.watch(directory.path);
 * const script = 'require("node:fs").writeFileSync(process.argv[1] + "/a", "unsynced")';
 * execFileSync(process.execPath, ["-e", script, directory.path], {
 *   env: { ...process.env, ...files.settings.variables },
 * });
 * assert.deepEqual((await files.readOperations()).map(({ kind }) => kind), ["create", "write"]);
 * ```
 */
export class FileLayer implements AsyncDisposable {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws {FileLayerError} Where it cannot be: not on Linux, or without a C compiler. */
  static async build(): Promise<FileLayer> {
    if (process.platform !== "linux") {
      throw new FileLayerError(
        `Cannot build the file layer: the system must be Linux, got ${process.platform}`,
      );
    }
    const directory = await mkdtemp(join(tmpdir(), "demi-layer-"));
    try {
      await compile(join(directory, "layer.so"));
      return new FileLayer(directory);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Begins to watch what a process, once it is started with the `settings` of the result, does below a directory. */
  async watch(directory: string): Promise<WatchedFiles> {
    const own = await mkdtemp(join(this.#directory, "watch-"));
    return new WatchedFiles(own, join(this.#directory, "layer.so"), await realpath(directory));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** The files of a process, seen and disturbed by a {@linkcode FileLayer}. */
export class WatchedFiles implements AsyncDisposable {
  /** What the process must be started with. */
  readonly settings: ProcessSettings;
  readonly #own: string;
  readonly #log: string;
  readonly #control: number;
  #isOpen = true;

  /** @param own A directory for what it shares with the process. */
  constructor(own: string, library: string, directory: string) {
    this.#own = own;
    this.#log = join(own, "log");
    const control = join(own, "control");
    writeFileSync(this.#log, "");
    writeFileSync(control, new Uint8Array(PAGE_BYTES));
    this.#control = openSync(control, "r+");
    const before = process.env["LD_PRELOAD"];
    this.settings = {
      variables: {
        LD_PRELOAD: before ? `${library}:${before}` : library,
        DEMI_FILE_LAYER_DIRECTORY: directory,
        DEMI_FILE_LAYER_CONTROL: control,
        DEMI_FILE_LAYER_LOG: this.#log,
      },
    };
  }

  /** Processes that have loaded the layer so far; a companion that starts none has ignored the settings. */
  get loaded(): number {
    return this.#get("loaded");
  }

  /** Changes and syncs so far. */
  get operations(): number {
    return this.#get("operations");
  }

  /** Whether {@linkcode WatchedFiles.killAt} has struck. */
  get hasKilled(): boolean {
    return this.#get("killed") !== 0;
  }

  /** What a full disk has refused so far. */
  get refused(): number {
    return this.#get("refused");
  }

  /** Whether the disk is full: nothing grows, nothing is made; what is there can be overwritten. */
  get isFull(): boolean {
    return this.#get("full") !== 0;
  }

  set isFull(full: boolean) {
    this.#set("full", full ? 1 : 0);
  }

  /** How far the wall clock of the process is from that of the system. */
  get clockOffsetMs(): number {
    return this.#get("clockOffsetMs");
  }

  set clockOffsetMs(offsetMs: number) {
    this.#set("clockOffsetMs", Math.round(offsetMs));
  }

  /** Lets the process die, as by SIGKILL, right before its `n`th operation from now; 0 for never. */
  killAt(n: number): void {
    this.#set("killed", 0);
    this.#set("killAt", n === 0 ? 0 : this.operations + n);
  }

  /** What the process has done since the beginning, or since {@linkcode WatchedFiles.forget}. */
  async readOperations(): Promise<readonly FileOperation[]> {
    return parseFileLog(new Uint8Array(await readFile(this.#log)));
  }

  /** Begins anew; for a process that has ended. */
  forget(): void {
    truncateSync(this.#log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) closeSync(this.#control);
    this.#isOpen = false;
    await rm(this.#own, { recursive: true, force: true });
  }

  #get(field: Field): number {
    const bytes = Buffer.alloc(8);
    readSync(this.#control, bytes, 0, 8, 8 * FIELDS.indexOf(field));
    return Number(bytes.readBigInt64LE());
  }

  #set(field: Field, value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    writeSync(this.#control, bytes, 0, 8, 8 * FIELDS.indexOf(field));
  }
}

async function compile(target: string): Promise<void> {
  const named = process.env["CC"];
  const wanted = named === undefined ? COMPILERS : [named];
  const options = ["-shared", "-fPIC", "-O1", "-o", target, SOURCE, "-ldl", "-lpthread"];
  let reason: unknown = "none";
  for (const compiler of wanted) {
    try {
      await promisify(execFile)(compiler, options);
      return;
    } catch (error) {
      const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string };
      if (code !== "ENOENT") reason = stderr?.split("\n")[0] ?? error;
    }
  }
  throw new FileLayerError(
    `Cannot build the file layer: a C compiler must be there (${wanted.join(", ")}), got ${String(reason)}`,
  );
}
