import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { suite, test } from "node:test";
import assert from "node:assert/strict";

const STORE = new URL("../../lib/store/mod.ts", import.meta.url).href;
const BASE = new URL("../../lib/base/mod.ts", import.meta.url).href;

// Two days of 200 series every 10 s; of some every value is another, of most it rests. Prints bytes of the heap and of buffers.
const SCRIPT = `
  import { MetricsStore } from ${JSON.stringify(STORE)};
  import { VirtualClock } from ${JSON.stringify(BASE)};
  const clock = new VirtualClock();
  const store = await MetricsStore.open({ clock });
  const keys = Array.from({ length: 200 }, (_, i) => "series_" + i);
  const sample = Object.fromEntries(keys.map((key) => [key, 0]));
  const start = clock.now();
  const bytes = [];
  for (let i = 0; i < 17_280; i++) {
    for (let k = 0; k < 30; k++) sample[keys[k]] = Math.sin(i * k);
    for (let k = 30; k < 60; k++) sample[keys[k]] += (i * k) % 3;
    store.append(start + i * 10_000, sample);
    if (i % 4320 !== 4319) continue;
    for (let k = 0; k < 3; k++) {
      gc(); // buffers go a little later
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    bytes.push([heapUsed, arrayBuffers]);
  }
  console.log(JSON.stringify(bytes));
  console.error(store.query({ key: "series_1", from: 0, to: Infinity }).length);
`;

suite("MetricsStore", () => {
  test("fills up for days without a trace in the heap, so that nobody takes it for a leak", async () => {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ["--expose-gc", "--input-type=module", "-e", SCRIPT],
      { env: { ...process.env, NODE_V8_COVERAGE: "" } },
    );
    assert.equal(Number(stderr), 17_280);
    const [half, ...later] = JSON.parse(stdout) as (readonly [heap: number, buffers: number])[];
    for (const [heap, buffers] of later) {
      // a leak of 1.6 MB is one that LeakDetector speaks of; each half day has a megabyte of samples
      assert.ok(heap - half![0] < 400_000, `${heap - half![0]} bytes of heap`);
      assert.ok(buffers - half![1] < 1_600_000, `${buffers - half![1]} bytes of buffers`);
    }
  });
});
