// This module is browser-safe.

/** Text that is no heap snapshot: cut off, damaged, or something else. */
export class HeapSnapshotFormatError extends SyntaxError {
  override readonly name = "HeapSnapshotFormatError";
  /** Byte of the input, from 0, where it is wrong; its length where it was cut off. */
  readonly offset: number;

  constructor(what: string, rule: string, got: string, offset: number) {
    super(`Cannot summarize heap snapshot: '${what}' must ${rule}, got ${got} at byte ${offset}`);
    this.offset = offset;
  }
}
