// This module is browser-safe.
import type { AllocationProfile, StackFrame } from "./allocation_profile.ts";

/** Options of {@linkcode compareProfiles}. */
export interface CompareProfilesOptions {
  /** Counts frames below `node_modules` as user code. @default {false} */
  readonly includeNodeModules?: boolean | undefined;
  /** Counts frames of the runtime itself as user code. @default {false} */
  readonly includeInternals?: boolean | undefined;
  /** Least growth that is reported, bytes. @default {1} */
  readonly minGrowthBytes?: number | undefined;
  /** Most sites that are returned. @default {20} */
  readonly limit?: number | undefined;
  /**
   * What the sites are ordered by: all growth, or growth by buffers first, where it is the memory outside the heap that grows.
   * @default {"heap"}
   */
  readonly rankBy?: "heap" | "buffers" | undefined;
}

/** A function whose live objects take more than before. */
export interface AllocationSite {
  /** `(anonymous)` for a function without a name, `(module)` for a file's top level. */
  readonly functionName: string;
  /** Path of the file; `(eval)`, or `(native)` where no frame has a file. */
  readonly file: string;
  /** Line where the function begins, from 1; 0 where there is none. */
  readonly line: number;
  readonly column: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly growthBytes: number;
  /**
   * What of the growth is `Buffer`s, `ArrayBuffer`s and typed arrays, by a hundred bytes or two for each: their contents lie
   * outside the heap, where V8 samples nothing.
   */
  readonly bufferGrowthBytes: number;
  /** Part of the growth of all growing sites, 0…1. */
  readonly share: number;
  /** Sampled objects that came to stay between the two profiles. Fewer than about 4 may be chance. */
  readonly newSamples: number;
  /** Stack of the part that grew most, the allocating function first. */
  readonly stack: readonly StackFrame[];
  /**
   * User code that called it there, the nearest first. What allocates need not be what keeps: a reply is made in one function and
   * put into a list by its caller.
   */
  readonly callers: readonly StackFrame[];
}

interface Site {
  readonly frame: StackFrame;
  before: number;
  after: number;
  samples: number;
  bufferGrowth: number;
  readonly stacks: Map<string, StackGrowth>;
}

interface StackGrowth {
  readonly stack: readonly StackFrame[];
  bytes: number;
}

const NATIVE: StackFrame = { functionName: "", file: "(native)", line: 0, column: 0 };

/**
 * Where the objects were allocated that are alive now and were not before: one entry a function, the most growing
 * first. An allocation counts for the first frame of user code above it, so that `JSON.parse` or a package speak for
 * who called them. V8 names functions, not lines within them, and counts a function that was inlined for its caller.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { compareProfiles } from "demi-health/memory";
 *
 * const remember = { functionName: "remember", file: "/app/history.ts", line: 12, column: 18 };
 * const profile = (bytes: number) => ({
 *   timestamp: 0,
 *   samplingIntervalBytes: 524_288,
 *   totalBytes: bytes,
 *   allocations: [{ stack: [remember], bytes, samples: Math.round(bytes / 524_288) }],
 * });
 * const [site] = compareProfiles(profile(1e6), profile(9e6));
 * assert.equal(`${site?.functionName} ${site?.file}:${site?.line}`, "remember /app/history.ts:12");
 * assert.equal(site?.growthBytes, 8e6);
 * ```
 *
 * @param before The earlier profile; not modified.
 * @param after A later one of the same process.
 * @throws {RangeError} If `limit` is not a whole number ≥ 1, `minGrowthBytes` not a number ≥ 0, or `rankBy` neither.
 */
export function compareProfiles(
  before: AllocationProfile,
  after: AllocationProfile,
  options: CompareProfilesOptions = {},
): readonly AllocationSite[] {
  const { includeNodeModules = false, includeInternals = false, minGrowthBytes = 1 } = options;
  const { limit = 20, rankBy = "heap" } = options;
  if (!(Number.isInteger(limit) && limit >= 1)) refuse("limit", "a whole number >= 1", limit);
  if (!(minGrowthBytes >= 0)) refuse("minGrowthBytes", ">= 0", minGrowthBytes);
  if (rankBy !== "heap" && rankBy !== "buffers") refuse("rankBy", "'heap' or 'buffers'", rankBy);
  const isUserCode = (frame: StackFrame): boolean =>
    (includeInternals || !isInternal(frame)) && (includeNodeModules || !isInPackage(frame));
  const sites = new Map<string, Site>();
  count(sites, before, -1, isUserCode);
  count(sites, after, 1, isUserCode);
  const growing = [...sites.values()].filter((site) => site.after > site.before);
  const total = growing.reduce((sum, { before, after }) => sum + after - before, 0);
  return growing
    .filter((site) => site.after - site.before >= minGrowthBytes)
    .sort((a, b) => weigh(b, rankBy) - weigh(a, rankBy) || growthOf(b) - growthOf(a) || compareText(a, b))
    .slice(0, limit)
    .map((site) => toResult(site, total, isUserCode));
}

function count(
  sites: Map<string, Site>,
  profile: AllocationProfile,
  sign: 1 | -1,
  isUserCode: (frame: StackFrame) => boolean,
): void {
  for (const { stack, bytes, samples } of profile.allocations) {
    const frame = stack.find(isUserCode) ?? stack.find(hasFile) ?? { ...NATIVE, ...named(stack[0]) };
    const key = keyOf(frame);
    let site = sites.get(key);
    if (!site)
      sites.set(key, (site = { frame, before: 0, after: 0, samples: 0, bufferGrowth: 0, stacks: new Map() }));
    if (sign < 0) site.before += bytes;
    else site.after += bytes;
    site.samples += sign * samples;
    if (isBuffer(stack)) site.bufferGrowth += sign * bytes;
    const stackKey = stack.map(keyOf).join("\n");
    const growth = site.stacks.get(stackKey);
    if (growth) growth.bytes += sign * bytes;
    else site.stacks.set(stackKey, { stack, bytes: sign * bytes });
  }
}

function toResult(
  { frame, before, after, samples, bufferGrowth, stacks }: Site,
  total: number,
  isUserCode: (frame: StackFrame) => boolean,
): AllocationSite {
  let most: StackGrowth | undefined;
  for (const growth of stacks.values()) if (!most || growth.bytes > most.bytes) most = growth;
  const stack = most?.stack ?? [];
  const own = stack.findIndex((each) => keyOf(each) === keyOf(frame));
  return {
    functionName: nameOf(frame),
    file: frame.file,
    line: frame.line,
    column: frame.column,
    bytesBefore: before,
    bytesAfter: after,
    growthBytes: after - before,
    bufferGrowthBytes: Math.max(0, bufferGrowth),
    share: (after - before) / total,
    newSamples: Math.max(0, samples),
    stack,
    callers: stack.slice(own + 1).filter((each) => isUserCode(each) && keyOf(each) !== keyOf(frame)),
  };
}

/** A function's name as people know it: `(module)` for a file's top level, `(anonymous)` for one without a name. */
export function nameOf({ functionName, file, line, column }: StackFrame): string {
  if (functionName !== "") return functionName;
  // the wrapper of a file is the only function that begins at its first character
  return line === 1 && column === 1 && file !== "(eval)" ? "(module)" : "(anonymous)";
}

// Frames of V8 such as `(GC)`, of built-in functions and of the runtime's own scripts.
function isInternal({ file }: StackFrame): boolean {
  return file === "" || /^(?:node|ext|bun|internal):/.test(file);
}

function isInPackage({ file }: StackFrame): boolean {
  return /[\\/]node_modules[\\/]|^https?:|^(?:npm|jsr):/.test(file);
}

// A built-in constructor has a frame of its own without a file; Node's `Buffer` is made by functions of `node:buffer`.
const BUFFER_MAKER = /^(?:Shared)?ArrayBuffer$|^(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array$|^DataView$/;

// What is allocated is known by who allocates it: the first frames, until one of a file that is none of theirs.
function isBuffer(stack: readonly StackFrame[]): boolean {
  const [first] = stack;
  if (!first) return false;
  return first.file === ""
    ? BUFFER_MAKER.test(first.functionName)
    : /^node:(?:internal\/)?buffer$/.test(first.file);
}

function hasFile({ file }: StackFrame): boolean {
  return file !== "";
}

function named(frame: StackFrame | undefined): { readonly functionName: string } {
  return { functionName: frame?.functionName ?? "" };
}

function keyOf({ functionName, file, line, column }: StackFrame): string {
  return `${file}:${line}:${column} ${functionName}`;
}

function growthOf({ before, after }: Site): number {
  return after - before;
}

function weigh(site: Site, rankBy: "heap" | "buffers"): number {
  return rankBy === "heap" ? growthOf(site) : Math.max(0, site.bufferGrowth);
}

function compareText(a: Site, b: Site): number {
  const [left, right] = [keyOf(a.frame), keyOf(b.frame)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function refuse(name: string, rule: string, got: unknown): never {
  throw new RangeError(`Cannot compare allocation profiles: '${name}' must be ${rule}, got ${String(got)}`);
}
