import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/base/random.ts";
import type { FileOperation } from "../../../lib/stability/recovery/file_operation.ts";
import {
  diskAfterPowerLoss,
  type FileTree,
  type PowerLoss,
} from "../../../lib/stability/recovery/power_loss.ts";

const EMPTY: FileTree = { files: new Map(), directories: new Set() };
const OLD: FileTree = { files: new Map([["/state", bytes("old")]]), directories: new Set() };

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function write(path: string, text: string, offset: number = 0): FileOperation {
  return { kind: "write", path, offset, bytes: bytes(text) };
}

const create = (path: string): FileOperation => ({ kind: "create", path });
const sync = (path: string): FileOperation => ({ kind: "sync", path });
const rename = (from: string, path: string): FileOperation => ({ kind: "rename", from, path });
const SYNC_DIRECTORY: FileOperation = { kind: "sync-directory", path: "" };

/** The files as texts after a power loss. */
function left(
  operations: readonly FileOperation[],
  loss: PowerLoss,
  before: FileTree = EMPTY,
  seed: number = 1,
): Record<string, string> {
  const { files } = diskAfterPowerLoss(before, operations, loss, new SeededRandom(seed));
  return Object.fromEntries([...files].map(([path, content]) => [path, new TextDecoder().decode(content)]));
}

suite("diskAfterPowerLoss()", () => {
  test("what was synced is there, whatever happens to the rest", () => {
    const operations = [create("/a"), write("/a", "kept"), sync("/a"), write("/a", " lost", 4)];
    assert.deepEqual(left(operations, "nothing"), { "/a": "kept" });
    assert.deepEqual(left(operations, "names"), { "/a": "kept" });
    assert.deepEqual(left(operations, "everything"), { "/a": "kept lost" });
  });

  test("a file that was never synced is not there, or empty", () => {
    const operations = [create("/a"), write("/a", "text")];
    assert.deepEqual(left(operations, "nothing"), {});
    assert.deepEqual(left(operations, "names"), { "/a": "" });
  });

  test("a rename without a sync of the file leaves the old contents or none", () => {
    const operations = [create("/new"), write("/new", "new"), rename("/new", "/state")];
    assert.deepEqual(left(operations, "nothing", OLD), { "/state": "old" });
    assert.deepEqual(left(operations, "names", OLD), { "/state": "" });
  });

  test("a rename of a synced file may be undone until its directory is synced", () => {
    const operations = [create("/new"), write("/new", "new"), sync("/new"), rename("/new", "/state")];
    assert.deepEqual(left(operations, "nothing", OLD), { "/state": "old", "/new": "new" });
    assert.deepEqual(left([...operations, SYNC_DIRECTORY], "nothing", OLD), { "/state": "new" });
  });

  test("a file that is cut before it is written again can be lost as a whole", () => {
    const operations: FileOperation[] = [{ kind: "resize", path: "/state", size: 0 }, write("/state", "new")];
    assert.deepEqual(left(operations, "nothing", OLD), { "/state": "old" });
    assert.deepEqual(left(operations, "names", OLD), { "/state": "" });
    assert.deepEqual(left([...operations, sync("/state")], "nothing", OLD), { "/state": "new" });
  });

  test("names change in their order: what happened later is not there without what happened before", () => {
    const operations = [create("/a"), create("/b"), create("/c"), sync("/b")];
    for (let seed = 0; seed < 20; seed++) {
      const names = Object.keys(left(operations, "some", EMPTY, seed)).join("");
      assert.ok(["/a/b", "/a/b/c"].includes(names), names);
    }
  });

  test("of what was not synced, any pages may be there, and pages may be torn", () => {
    const page = "x".repeat(4096);
    const operations = [create("/a"), sync("/a"), write("/a", page.repeat(4))];
    const seen = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const text = left(operations, "some", EMPTY, seed)["/a"]!;
      seen.add(
        Array.from(
          { length: 4 },
          (_, i) => text.slice(i * 4096, (i + 1) * 4096).replaceAll("\0", "").length,
        ).join(),
      );
      assert.equal(text.replaceAll("\0", "").length % 512, 0, "a sector is whole");
    }
    assert.ok(seen.has("0,0,0,0") && seen.has("4096,4096,4096,4096"));
    assert.ok(
      [...seen].some((each) => /(^|,)(512|1024|2048|3072)(,|$)/.test(each)),
      "torn",
    );
  });

  test("one file under two names is one file", () => {
    const operations: FileOperation[] = [
      create("/draft"),
      write("/draft", "text"),
      sync("/draft"),
      { kind: "link", from: "/draft", path: "/final" },
      { kind: "remove", path: "/draft" },
      write("/final", "more", 4),
      sync("/final"),
    ];
    assert.deepEqual(left(operations, "nothing"), { "/final": "textmore" });
    assert.deepEqual(left(operations.slice(0, -1), "nothing"), { "/draft": "text" });
    assert.deepEqual(left(operations.slice(0, -1), "names"), { "/final": "text" });
  });

  test("folders move with all that is in them", () => {
    const operations: FileOperation[] = [
      { kind: "make-directory", path: "/d" },
      create("/d/a"),
      write("/d/a", "text"),
      rename("/d", "/e"),
      { kind: "sync-all" },
    ];
    assert.deepEqual(left(operations, "nothing"), { "/e/a": "text" });
  });

  test("after a sync of everything nothing is lost, whatever was done", () => {
    const path = fc.constantFrom("/a", "/b", "/c");
    const step: fc.Arbitrary<FileOperation> = fc.oneof(
      path.map(create),
      fc.record({ path, text: fc.string({ maxLength: 20 }), offset: fc.nat(9000) }).map((each) => {
        return write(each.path, each.text, each.offset);
      }),
      path.map(sync),
      fc.tuple(path, path).map(([from, to]) => rename(from, to)),
      path.map((each) => ({ kind: "remove", path: each }) as const),
      fc.record({ path, size: fc.nat(9000) }).map((each) => ({ kind: "resize", ...each }) as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(), (steps, seed) => {
        const all = left(steps, "everything", OLD);
        const synced = [...steps, { kind: "sync-all" } as const];
        for (const loss of ["nothing", "names", "some"] as const) {
          assert.deepEqual(left(synced, loss, OLD, seed), all);
        }
      }),
    );
  });
});
