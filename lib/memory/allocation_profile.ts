// This module is browser-safe.

/** One function on the stack of an allocation. */
export interface StackFrame {
  /** Empty for a function without a name. */
  readonly functionName: string;
  /** Path or specifier of its file; `(eval)` for text that was evaluated, empty for the runtime's native code. */
  readonly file: string;
  /** Line where the function begins, from 1: V8 tells no finer. 0 where there is none. */
  readonly line: number;
  /** Column where its parameters begin, from 1. 0 where there is none. */
  readonly column: number;
}

/** Objects that one stack allocated and that were alive when the profile was read. */
export interface LiveAllocation {
  /** The function that allocated first, its caller next. */
  readonly stack: readonly StackFrame[];
  /** Their size on the JavaScript heap, estimated from the sample. Contents of buffers are not on it. */
  readonly bytes: number;
  /** Objects that the estimate rests on: its relative error is about 1 / √samples. */
  readonly samples: number;
}

/** What {@linkcode AllocationProfiler} reads: plain data, fit for JSON. */
export interface AllocationProfile {
  /** Epoch milliseconds. */
  readonly timestamp: number;
  readonly samplingIntervalBytes: number;
  readonly totalBytes: number;
  readonly allocations: readonly LiveAllocation[];
}
