/** Something that a process did to its files. Paths begin with `/` at the directory that was watched. */
export type FileOperation =
  | { readonly kind: "write"; readonly path: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "resize"; readonly path: string; readonly size: number }
  | { readonly kind: "create" | "make-directory" | "remove" | "remove-directory"; readonly path: string }
  /** Without `from` it came from outside, without `path` it went there. */
  | { readonly kind: "rename"; readonly from: string | undefined; readonly path: string | undefined }
  | { readonly kind: "link"; readonly from: string | undefined; readonly path: string | undefined }
  /** What the file, or the directory, was up to now is on the disk; of `sync-all`, everything. */
  | { readonly kind: "sync" | "sync-directory"; readonly path: string }
  | { readonly kind: "sync-all" }
  /** Its contents are changed in memory from now on, unseen. */
  | { readonly kind: "map"; readonly path: string }
  /** A symbolic link: not followed here. */
  | { readonly kind: "symlink"; readonly path: string };

const HEAD_BYTES = 24;

/** The log that the file layer wrote; a record at its end that was cut is left out, and so is what failed. */
export function parseFileLog(log: Uint8Array): readonly FileOperation[] {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const operations: FileOperation[] = [];
  const decoder = new TextDecoder();
  for (let at = 0; at + HEAD_BYTES <= log.length;) {
    const [kind, pathLength, otherLength, dataLength] = [0, 4, 8, 12].map((i) =>
      view.getUint32(at + i, true),
    );
    const number = Number(view.getBigInt64(at + 16, true));
    const pathEnd = at + HEAD_BYTES + pathLength!;
    const otherEnd = pathEnd + otherLength!;
    const end = otherEnd + dataLength!;
    if (end > log.length) break;
    const path = decoder.decode(log.subarray(at + HEAD_BYTES, pathEnd));
    const other = decoder.decode(log.subarray(pathEnd, otherEnd));
    const letter = String.fromCharCode(kind!);
    if (letter === "F") operations.pop();
    else operations.push(toOperation(letter, path, other, number, log.slice(otherEnd, end)));
    at = end;
  }
  return operations;
}

function toOperation(
  letter: string,
  path: string,
  other: string,
  number: number,
  bytes: Uint8Array,
): FileOperation {
  const pair = { from: path === "" ? undefined : path, path: other === "" ? undefined : other };
  switch (letter) {
    case "W":
      return { kind: "write", path, offset: number, bytes };
    case "T":
      return { kind: "resize", path, size: number };
    case "C":
      return { kind: "create", path };
    case "D":
      return { kind: "make-directory", path };
    case "U":
      return { kind: "remove", path };
    case "X":
      return { kind: "remove-directory", path };
    case "R":
      return { kind: "rename", ...pair };
    case "L":
      return { kind: "link", ...pair };
    case "S":
      return { kind: "sync", path };
    case "Y":
      return { kind: "sync-directory", path };
    case "A":
      return { kind: "sync-all" };
    case "M":
      return { kind: "map", path };
    case "N":
      return { kind: "symlink", path };
    default:
      throw new SyntaxError(
        `Cannot parse log of files: its kind must be a known letter, got ${JSON.stringify(letter)}`,
      );
  }
}
