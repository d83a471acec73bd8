import { fileURLToPath } from "node:url";
import type { LiveAllocation, StackFrame } from "./allocation_profile.ts";

interface HeapProfileNode {
  readonly callFrame: {
    readonly functionName: string;
    readonly scriptId: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly selfSize: number;
  readonly id: number;
  readonly children: readonly HeapProfileNode[];
}

/** What V8 gives for `HeapProfiler.getSamplingProfile`. */
export interface HeapProfile {
  readonly head: HeapProfileNode;
  readonly samples: readonly { readonly nodeId: number }[];
}

/**
 * The live allocations of a profile, by stack.
 *
 * @param ownUrl File whose allocations are no finding: the reader of the profile.
 */
export function toAllocations({ head, samples }: HeapProfile, ownUrl?: string): readonly LiveAllocation[] {
  const samplesOf = new Map<number, number>();
  for (const { nodeId } of samples) samplesOf.set(nodeId, (samplesOf.get(nodeId) ?? 0) + 1);
  const found: LiveAllocation[] = [];
  visit(head, [], (node, stack) => {
    if (node.callFrame.url === ownUrl) return false;
    if (node.selfSize > 0) found.push({ stack, bytes: node.selfSize, samples: samplesOf.get(node.id) ?? 0 });
    return true;
  });
  return found;
}

/** Calls `report` with a node and its stack; where it gives false, what was called from there is left out. */
function visit(
  node: HeapProfileNode,
  callers: readonly StackFrame[],
  report: (node: HeapProfileNode, stack: readonly StackFrame[]) => boolean,
): void {
  const isRoot = node.callFrame.functionName === "(root)" && node.callFrame.scriptId === "0";
  const stack = isRoot ? callers : [toFrame(node.callFrame), ...callers];
  if (!report(node, stack)) return;
  for (const child of node.children) visit(child, stack, report);
}

function toFrame({
  functionName,
  scriptId,
  url,
  lineNumber,
  columnNumber,
}: HeapProfileNode["callFrame"]): StackFrame {
  const isNative = scriptId === "0";
  return {
    functionName,
    file: isNative ? "" : url === "" ? "(eval)" : toFile(url),
    line: isNative ? 0 : lineNumber + 1,
    column: isNative ? 0 : columnNumber + 1,
  };
}

function toFile(url: string): string {
  if (!url.startsWith("file:")) return url;
  try {
    return fileURLToPath(url);
  } catch {
    return url; // a sourceURL comment may say anything
  }
}
