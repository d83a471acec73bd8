import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  type AllocationProfile,
  type AllocationSite,
  compareProfiles,
  type StackFrame,
} from "demi-health/memory";

function frame(functionName: string, file: string, line = 1, column = 2): StackFrame {
  return { functionName, file, line, column };
}

function profile(...parts: readonly (readonly [number, ...StackFrame[]])[]): AllocationProfile {
  const allocations = parts.map(([bytes, ...stack]) => ({ stack, bytes, samples: bytes / 100 }));
  const totalBytes = allocations.reduce((sum, { bytes }) => sum + bytes, 0);
  return { timestamp: 0, samplingIntervalBytes: 100, totalBytes, allocations };
}

const chat = frame("remember", "/app/chat.ts", 12);
const voice = frame("listen", "/app/voice.ts", 7);
const parse = frame("parse", "");
const emit = frame("emit", "node:events", 500);
const pool = frame("acquire", "/app/node_modules/pool/index.js", 3);

suite("compareProfiles()", () => {
  test("names what grows, the most first, with its share", () => {
    const before = profile([1000, chat], [500, voice], [900, frame("shrink", "/app/x.ts")]);
    const after = profile([1300, chat], [1400, voice], [100, frame("shrink", "/app/x.ts")]);
    const sites = compareProfiles(before, after);
    assert.deepEqual(
      sites.map(({ functionName, growthBytes, share }) => [functionName, growthBytes, share]),
      [
        ["listen", 900, 0.75],
        ["remember", 300, 0.25],
      ],
    );
    const [{ bytesBefore, bytesAfter, file, line, newSamples } = assert.fail()] = sites;
    assert.deepEqual([bytesBefore, bytesAfter, file, line, newSamples], [500, 1400, "/app/voice.ts", 7, 9]);
  });

  test("counts built-ins, the runtime and packages for who called them, and keeps the stack", () => {
    const after = profile([100, parse, emit, pool, chat], [200, pool, chat]);
    const [site, ...others] = compareProfiles(profile(), after);
    assert.deepEqual(others, []);
    assert.equal(site?.file, "/app/chat.ts");
    assert.equal(site?.growthBytes, 300);
    assert.deepEqual(site?.stack, [pool, chat]);
  });

  test("knows buffers, whose contents are outside the heap, and puts those that make them first when asked", () => {
    const clip = frame("record", "/app/clips.ts", 3);
    const vector = frame("embed", "/app/embed.ts", 9);
    const makers = [frame("FastBuffer", "node:internal/buffer", 9), frame("alloc", "node:buffer", 300)];
    const after = profile(
      [900, chat],
      [500, frame("onStreamRead", "node:internal/stream_base_commons", 171)],
      [100, frame("Uint8Array", ""), ...makers, clip],
      [50, frame("createUnsafeBuffer", "node:internal/buffer", 1108), clip],
      [120, frame("Float32Array", ""), vector],
    );
    const named = (sites: readonly AllocationSite[]): unknown =>
      sites.map(({ functionName, bufferGrowthBytes }) => [functionName, bufferGrowthBytes]);
    const heap = [
      ["remember", 0],
      ["onStreamRead", 0],
      ["record", 150],
      ["embed", 120],
    ];
    assert.deepEqual(named(compareProfiles(profile(), after)), heap);
    const first = compareProfiles(profile(), after, { rankBy: "buffers", limit: 3 });
    assert.deepEqual(named(first), [heap[2], heap[3], heap[0]]);
    assert.throws(() => compareProfiles(after, after, { rankBy: "bytes" as never }), {
      message: "Cannot compare allocation profiles: 'rankBy' must be 'heap' or 'buffers', got bytes",
    });
  });

  test("tells who called it, without built-ins, packages and its own recursion", () => {
    const open = frame("openSession", "/app/sessions.ts", 5);
    const after = profile([100, parse, chat, chat, emit, pool, open, voice]);
    assert.deepEqual(compareProfiles(profile(), after)[0]?.callers, [open, voice]);
    assert.deepEqual(compareProfiles(profile(), profile([100, chat]))[0]?.callers, []);
  });

  test("counts for packages and the runtime when asked", () => {
    const after = profile([100, parse, emit, pool, chat]);
    const first = (options: object): string | undefined =>
      compareProfiles(profile(), after, options)[0]?.functionName;
    assert.equal(first({ includeNodeModules: true }), "acquire");
    assert.equal(first({ includeInternals: true }), "parse");
  });

  test("falls back to the package, then the runtime, then says that it is native", () => {
    const file = (...stack: StackFrame[]): string | undefined =>
      compareProfiles(profile(), profile([100, ...stack]))[0]?.file;
    assert.equal(file(parse, pool), pool.file);
    assert.equal(file(parse, emit), "node:events");
    assert.equal(file(frame("(GC)", "")), "(native)");
    assert.equal(file(), "(native)");
  });

  test("tells functions of one name apart, and names those without", () => {
    const after = profile(
      [300, frame("", "/app/a.ts", 1, 1)],
      [200, frame("", "/app/a.ts", 9, 4)],
      [100, frame("", "(eval)", 1, 1)],
    );
    const names = compareProfiles(profile(), after).map(({ functionName }) => functionName);
    assert.deepEqual(names, ["(module)", "(anonymous)", "(anonymous)"]);
  });

  test("keeps to its limits and refuses senseless ones", () => {
    const after = profile([300, chat], [20, voice]);
    assert.equal(compareProfiles(profile(), after, { limit: 1 }).length, 1);
    assert.equal(compareProfiles(profile(), after, { minGrowthBytes: 21 }).length, 1);
    assert.deepEqual(compareProfiles(after, after), []);
    assert.throws(() => compareProfiles(after, after, { limit: 0 }), {
      name: "RangeError",
      message: "Cannot compare allocation profiles: 'limit' must be a whole number >= 1, got 0",
    });
    assert.throws(() => compareProfiles(after, after, { minGrowthBytes: NaN }), RangeError);
  });
});
