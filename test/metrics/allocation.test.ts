import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { suite, test } from "node:test";
import assert from "node:assert/strict";

const REGISTRY = new URL("../../lib/metrics/registry.ts", import.meta.url).href;

// Without a scavenge in between, what the young generation grew by is what was allocated.
const SCRIPT = `
  import { getHeapStatistics } from "node:v8";
  import { MetricsRegistry } from ${JSON.stringify(REGISTRY)};
  const registry = new MetricsRegistry();
  const labels = { platform: "discord" };
  const counter = registry.counter({ name: "a_total", help: "a", labels: ["platform"] }).bind(labels);
  const gauge = registry.gauge({ name: "b", help: "b", labels: ["platform"] }).bind(labels);
  const histogram = registry.histogram({ name: "c_seconds", help: "c", labels: ["platform"] }).bind(labels);
  const both = ["platform", "kind"];
  const keyed = registry.counter({ name: "d_total", help: "d", labels: both }).keyedBy(...both);
  const [platforms, kinds] = [["discord", "android", "voice"], ["text", "image"]];
  // short, and called often: a loop entered once runs in the interpreter at first, which boxes what it passes
  function record() {
    for (let i = 0; i < 1000; i++) {
      counter.inc();
      counter.inc(0.5);
      gauge.set(i * 0.1);
      histogram.observe((i % 100) * 0.1);
      keyed.get(platforms[i % 3], kinds[i & 1]).inc();
    }
  }
  const recordOften = (times) => {
    for (let i = 0; i < times; i++) record();
  };
  recordOften(2000); // let the optimizer see it
  const bytesOf = (work) => {
    gc();
    const before = getHeapStatistics().used_heap_size;
    work();
    return getHeapStatistics().used_heap_size - before;
  };
  bytesOf(() => recordOften(1));
  // the optimizer works beside us, and on a busy machine is late: what is allocated for good is so each time
  const rounds = Array.from({ length: 6 }, () => bytesOf(() => recordOften(1000)));
  console.log(Math.min(...rounds));
`;

suite("bound handles", () => {
  test("allocate nothing: a million rounds of inc, set, observe and inc by two labels leave the heap as it was", async () => {
    const flags = ["--expose-gc", "--max-semi-space-size=256", "--min-semi-space-size=256"];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...flags, "--input-type=module", "-e", SCRIPT],
      {
        cwd: fileURLToPath(new URL(".", import.meta.url)),
      },
    );
    const bytes = Number(stdout);
    // five million calls; one object of 16 bytes in each would be 80 MB
    assert.ok(bytes < 400_000, `${bytes} bytes for five million calls`);
  });
});
