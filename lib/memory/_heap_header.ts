// This module is browser-safe.
import type { ByteCursor } from "./_byte_cursor.ts";
import type { NodeLayout } from "./_heap_node_scanner.ts";

/** What a snapshot says of its own form. */
export interface HeapHeader {
  readonly layout: NodeLayout;
  /** Types of nodes, by number. */
  readonly types: readonly string[];
  readonly nodeCount: number;
}

/**
 * Reads the section `snapshot`. Fields are found by name: their order and number differ between versions of V8.
 *
 * @throws {HeapSnapshotFormatError} If it lacks something, at the cursor.
 */
export function parseHeapHeader(text: string, cursor: ByteCursor): HeapHeader {
  const { meta, node_count: nodeCount } = asRecord(parseOrUndefined(text));
  const { node_fields, node_types } = asRecord(meta);
  const fields = asTexts(node_fields);
  const [typeAt, nameAt, selfSizeAt] = ["type", "name", "self_size"].map((name) => fields.indexOf(name));
  const types = asTexts(Array.isArray(node_types) ? node_types[typeAt!] : undefined);
  if (typeAt! < 0 || nameAt! < 0 || selfSizeAt! < 0 || types.length === 0) {
    return cursor.refuse("snapshot", "describe the type, name and self_size of nodes", "another header");
  }
  if (!(Number.isSafeInteger(nodeCount) && (nodeCount as number) >= 0)) {
    return cursor.refuse("snapshot", "tell the 'node_count'", `${String(nodeCount)}`);
  }
  const layout = { width: fields.length, typeAt: typeAt!, nameAt: nameAt!, selfSizeAt: selfSizeAt! };
  return { layout, types, nodeCount: nodeCount as number };
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused as a header without fields
  }
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function asTexts(value: unknown): readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : [];
}
