import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { suite, test } from "node:test";
import { writeHeapSnapshot } from "node:v8";
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  forceGc,
  HeapSnapshotFormatError,
  type HeapSnapshotSummary,
  summarizeHeapSnapshot,
} from "demi-health/memory";

const TYPES = ["hidden", "array", "string", "object", "code", "closure", "regexp", "native", "symbol"];
const META = {
  node_fields: ["name", "id", "type", "edge_count", "self_size"],
  node_types: ["string", "number", TYPES, "number", "number"],
};
/** Name, type and size of a node. */
type Planted = readonly [name: number, type: string, selfSize: number];

const NODES: readonly Planted[] = [
  [1, "object", 40],
  [2, "object", 24],
  [5, "object", 56], // the same name once more
  [4, "string", 1000],
  [0, "closure", 64],
  [1, "native", 8],
  [3, "native", 16],
  [0, "symbol", 32],
  [0, "hidden", 0],
];
const STRINGS = [
  "",
  "Session",
  'a "quoted"\\ \u00e9\ud83d\ude00 name',
  "TCP ]",
  'text ","]} of a user\n',
  "Session",
];

function snapshotOf(
  nodes: readonly Planted[] = NODES,
  strings: readonly string[] = STRINGS,
): Record<string, unknown> {
  return {
    snapshot: { meta: META, node_count: nodes.length, note: "}" },
    nodes: nodes.flatMap(([name, type, selfSize], index) => [name, index, TYPES.indexOf(type), 0, selfSize]),
    edges: [1, 2, 3],
    trace_tree: [1, { "]": ['\\"]', [[-1.5e3, null]]] }],
    strings,
  };
}

const EXPECTED: HeapSnapshotSummary = {
  count: 9,
  selfBytes: 1240,
  classes: [
    { name: "(string)", count: 1, selfBytes: 1000 },
    { name: "Session", count: 3, selfBytes: 104 },
    { name: "Function", count: 1, selfBytes: 64 },
    { name: "(symbol)", count: 1, selfBytes: 32 },
    { name: STRINGS[2]!, count: 1, selfBytes: 24 },
    { name: "TCP ]", count: 1, selfBytes: 16 },
    { name: "(system)", count: 1, selfBytes: 0 },
  ],
  others: { classes: 0, count: 0, selfBytes: 0 },
};

function summarizeText(text: string, ...cuts: readonly number[]): Promise<HeapSnapshotSummary> {
  const bytes = Buffer.from(text);
  const ends = [...cuts, bytes.length].toSorted((a, b) => a - b);
  return summarizeHeapSnapshot(Readable.from(ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))));
}

function formatErrorAt(offset: number, message = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HeapSnapshotFormatError && error instanceof SyntaxError, String(error));
    assert.match(error.message, message);
    assert.equal(error.offset, offset, error.message);
    return true;
  };
}

/** The same figures by the plain way: all of it in memory. */
function summarizeWhole(text: string): { readonly totals: readonly number[]; readonly classes: object } {
  const { snapshot, nodes, strings } = JSON.parse(text) as {
    snapshot: { meta: { node_fields: string[]; node_types: string[][] } };
    nodes: number[];
    strings: string[];
  };
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const classes: Record<string, [number, number]> = {};
  let [count, bytes] = [0, 0];
  for (let at = 0; at < nodes.length; at += fields.length) {
    const node = Object.fromEntries(fields.map((field, index) => [field, nodes[at + index]!]));
    const type = types[0]![node["type"]!]!;
    const own = type === "object" || type === "native";
    const others: Record<string, string> = {
      hidden: "(system)",
      code: "(compiled code)",
      closure: "Function",
      regexp: "RegExp",
    };
    const sums = (classes[own ? strings[node["name"]!]! : (others[type] ?? `(${type})`)] ??= [0, 0]);
    sums[0]++;
    sums[1] += node["self_size"]!;
    count++;
    bytes += node["self_size"]!;
  }
  return { totals: [count, bytes], classes };
}

suite("summarizeHeapSnapshot()", () => {
  test("agrees with JSON.parse on a snapshot of this process, in all and class by class", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "demi-snapshot-"));
    const path = writeHeapSnapshot(join(folder.path, "own.heapsnapshot"));
    const whole = summarizeWhole(await readFile(path, "utf8"));
    const { count, selfBytes, classes, others } = await summarizeHeapSnapshot(pathToFileURL(path));
    assert.deepEqual([count, selfBytes], whole.totals);
    assert.deepEqual(
      Object.fromEntries(classes.map((each) => [each.name, [each.count, each.selfBytes]])),
      whole.classes,
    );
    assert.ok(count > 5000 && others.classes === 0);
    const sizes = classes.map((each) => each.selfBytes);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    );
  });

  test("finds fields by name, passes over what it does not know, and counts by class", async () => {
    assert.deepEqual(await summarizeText(JSON.stringify(snapshotOf())), EXPECTED);
    assert.deepEqual(await summarizeText(`\n${JSON.stringify(snapshotOf(), undefined, 2)}\r\n `), EXPECTED);
  });

  test("understands escaped names as V8 writes them", async () => {
    const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
    const text = JSON.stringify(snapshotOf()).replaceAll(/[^\x20-\x7e]/g, escape);
    assert.deepEqual(await summarizeText(text), EXPECTED);
  });

  test("does not care where chunks end", async () => {
    const text = JSON.stringify(snapshotOf(), undefined, 1);
    const { length } = Buffer.from(text);
    assert.deepEqual(await summarizeText(text, ...Array(length).keys()), EXPECTED);
    for (let cut = 0; cut <= length; cut++) assert.deepEqual(await summarizeText(text, cut), EXPECTED);
  });

  test("agrees with JSON.parse on any names and sizes", async () => {
    const node = fc.tuple(fc.nat(4), fc.constantFrom(...TYPES), fc.nat());
    const strings = fc.array(fc.string({ unit: "binary" }), { minLength: 5, maxLength: 8 });
    const property = fc.asyncProperty(fc.array(node), strings, fc.nat(3000), async (nodes, texts, cut) => {
      const text = JSON.stringify(snapshotOf(nodes, texts));
      const { count, selfBytes, classes } = await summarizeText(text, cut % text.length);
      const whole = new Map<string, number>();
      for (const [name, type, size] of nodes) {
        if (type === "object") whole.set(texts[name]!, (whole.get(texts[name]!) ?? 0) + size);
      }
      assert.equal(count, nodes.length);
      assert.equal(
        selfBytes,
        nodes.reduce((sum, [, , size]) => sum + size, 0),
      );
      for (const [name, bytes] of whole) {
        assert.ok(classes.find((each) => each.name === name)!.selfBytes >= bytes);
      }
    });
    await fc.assert(property, { numRuns: 200, seed: 4 });
  });

  test("lists as many classes as asked, and sums up the others", async () => {
    const source = Readable.from([JSON.stringify(snapshotOf())]);
    const { count, selfBytes, classes, others } = await summarizeHeapSnapshot(source, { limit: 2 });
    assert.deepEqual([count, selfBytes], [9, 1240]);
    assert.deepEqual(classes, EXPECTED.classes.slice(0, 2));
    assert.deepEqual(others, { classes: 5, count: 5, selfBytes: 136 });
    for (const limit of [0, -1, 1.5, NaN]) {
      await assert.rejects(summarizeHeapSnapshot(Readable.from([]), { limit }), RangeError);
    }
  });

  test("holds nothing of what it reads, however much there is", async () => {
    const nodes = Buffer.from("1,0,3,0,48,".repeat(100_000));
    const strings = Buffer.from(`,"${"x".repeat(1000)}"`.repeat(1000));
    const held: number[] = [];
    const measure = (): void => {
      forceGc();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      held.push(heapUsed + arrayBuffers);
    };
    async function* file(): AsyncGenerator<Uint8Array> {
      const snapshot = JSON.stringify({ meta: META, node_count: 3_000_001 });
      yield Buffer.from(`{"snapshot":${snapshot},"nodes":[`);
      for (let i = 0; i < 30; i++) {
        yield nodes;
        if (i % 10 === 0) measure();
      }
      yield Buffer.from(`1,0,3,0,48],"edges":[],"strings":["","Session"`);
      for (let i = 0; i < 30; i++) {
        yield strings;
        if (i % 10 === 0) measure();
      }
      yield Buffer.from("]}");
    }
    const { selfBytes } = await summarizeHeapSnapshot(file());
    assert.equal(selfBytes, 3_000_001 * 48);
    // 63 MB went through
    assert.ok(Math.max(...held) - held[0]! < 2e6, `held ${held.join(", ")}`);
  });
});

suite("summarizeHeapSnapshot() of what is no snapshot", () => {
  const whole = JSON.stringify(snapshotOf());

  test("tells the length of a file that was cut off, wherever that was", async () => {
    for (let length = 0; length < whole.length; length++) {
      const text = Buffer.from(whole).subarray(0, length);
      await assert.rejects(
        summarizeHeapSnapshot(Readable.from([text])),
        formatErrorAt(length, /got the end/),
      );
    }
  });

  const at = whole.indexOf.bind(whole);
  const nodesAt = at('"nodes":[') + 9;
  const stringsAt = at('"strings":[') + 11;
  const insert = (index: number, text: string): string => whole.slice(0, index) + text + whole.slice(index);
  const damaged: readonly (readonly [what: string, text: string, offset: number])[] = [
    ["other text", "hello", 0],
    ["a compressed file", "\x1f\x8b\x08", 0],
    ["an empty object", "{}", 1],
    ["another JSON file", '{"name":"demi-health"}', 8],
    ["an array for a number", insert(nodesAt, "["), nodesAt],
    ["a negative number", insert(nodesAt, "-"), nodesAt],
    ["a comma too many", insert(nodesAt, ","), nodesAt],
    ["zeros of a lost page", insert(nodesAt + 3, "\0\0\0\0"), nodesAt + 3],
    ["a number cut in two", insert(at("1000") + 2, " "), at("1000") + 3],
    ["a number too large", insert(at("1000"), "9".repeat(20)), at("1000") + 24],
    ["zeros among the edges", insert(at('"edges":[') + 9, "\0"), at('"edges":[') + 9],
    ["a string of no quotes", insert(stringsAt, "x"), stringsAt],
    ["a line break in a string", insert(at("Session") + 3, "\n"), at("Session") + 3],
    ["an escape of no meaning", insert(at("Session") + 3, "\\x"), at("Session") + 9],
    ["a name section too long", `{"${"n".repeat(300)}":[]}`, 259],
    ["text after its end", `${whole}x`, Buffer.byteLength(whole)],
  ];
  for (const [what, text, offset] of damaged) {
    test(`tells the byte of ${what}`, async () => {
      await assert.rejects(summarizeText(text), formatErrorAt(offset));
    });
  }

  const { snapshot, nodes, strings } = snapshotOf();
  const wrong: readonly (readonly [what: string, file: object, message: RegExp])[] = [
    ["fewer nodes than announced", { snapshot, nodes: [0, 1, 2, 3, 4], strings }, /must be 9 .* got 1 at/],
    ["a node cut in two", { snapshot, nodes: [...(nodes as number[]), 1], strings }, /must be 9 /],
    ["a type that it has not", { ...snapshotOf(), nodes: [0, 0, 99, 0, 0] }, /9 types, got type 99/],
    ["a name that it has not", snapshotOf([[17, "object", 1]]), /'strings' must hold the names of all nodes/],
    ["a name of megabytes", snapshotOf([[0, "object", 1]], ["x".repeat(1e6)]), /at most 65536 bytes/],
    ["no nodes", { snapshot, strings }, /in this order/],
    ["no strings", { snapshot, nodes }, /in this order/],
    ["strings before nodes", { snapshot, strings, nodes }, /in this order/],
    ["nodes before their description", { nodes, snapshot, strings }, /in this order/],
    ["a description of nothing", { ...snapshotOf(), snapshot: {} }, /describe the type, name and self_size/],
    [
      "fields without a size",
      { snapshot: { meta: { node_fields: ["type", "name"], node_types: [["a"]] } } },
      /self_size/,
    ],
    ["no number of nodes", { snapshot: { meta: META } }, /'node_count'/],
    ["a description of megabytes", { snapshot: { meta: META, text: "x".repeat(2e6) } }, /at most 1048576/],
  ];
  for (const [what, file, message] of wrong) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(summarizeText(JSON.stringify(file)), { name: "HeapSnapshotFormatError", message });
    });
  }

  test("passes on the failures of files and streams", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "demi-snapshot-"));
    await assert.rejects(summarizeHeapSnapshot(join(folder.path, "none")), { code: "ENOENT" });
    const failing = Readable.from(
      (async function* () {
        yield "{";
        throw new Error("unplugged");
      })(),
    );
    await assert.rejects(summarizeHeapSnapshot(failing), /unplugged/);
    const path = join(folder.path, "empty");
    await writeFile(path, "");
    await assert.rejects(summarizeHeapSnapshot(path), formatErrorAt(0));
  });

  test("lets go of a stream that it refuses", async () => {
    const stream = Readable.from(["[", "1", "]"]);
    await assert.rejects(summarizeHeapSnapshot(stream), formatErrorAt(0));
    assert.ok(stream.destroyed);
  });

  test("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    async function* endless(): AsyncGenerator<string> {
      yield "{";
      controller.abort(reason);
      for (;;) yield " ";
    }
    await assert.rejects(summarizeHeapSnapshot(endless(), { signal }), reason);
    await assert.rejects(summarizeHeapSnapshot("/nowhere", { signal }), reason);
  });
});
