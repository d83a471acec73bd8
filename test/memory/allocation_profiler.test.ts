import { Session } from "node:inspector";
import { fileURLToPath } from "node:url";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "demi-health/base";
import {
  AllocationProfiler,
  type AllocationSite,
  compareProfiles,
  ProfilerBusyError,
  SamplingLostError,
} from "demi-health/memory";
import * as functions from "./fixtures/growing_functions.ts";

const FIXTURE = fileURLToPath(new URL("fixtures/growing_functions.ts", import.meta.url));
const FINE = { samplingIntervalBytes: 4096 };

function sitesOf(grow: () => void): readonly AllocationSite[] {
  using profiler = new AllocationProfiler(FINE);
  profiler.start();
  const before = profiler.read({ collectGarbage: true });
  grow();
  const after = profiler.read({ collectGarbage: true });
  functions.history.length = 0;
  return compareProfiles(before, after);
}

suite("AllocationProfiler", () => {
  const planted: readonly (readonly [string, () => void, string, number])[] = [
    ["a function", () => functions.rememberMessages(20_000), "rememberMessages", 11],
    ["an arrow function", () => functions.subscribe(20_000), "subscribe", 15],
    ["who calls a built-in", () => functions.parseMany(20_000), "parseMany", 22],
    ["a function without a name", () => functions.inCallback(20_000), "(anonymous)", 38],
  ];
  for (const [what, grow, functionName, line] of planted) {
    test(`names ${what} in a .ts file by its line`, () => {
      const [site] = sitesOf(grow);
      assert.deepEqual([site?.functionName, site?.file, site?.line], [functionName, FIXTURE, line]);
      assert.ok(site!.share > 0.8, `share ${site?.share}`);
    });
  }

  test("names a function of evaluated text", () => {
    const [site] = sitesOf(() => functions.evaluated(functions.history, 20_000));
    assert.deepEqual([site?.functionName, site?.file], ["addEvaluated", "(eval)"]);
    assert.ok(site?.stack.some(({ file }) => file === fileURLToPath(import.meta.url)));
  });

  test("estimates how much is held, and nothing of what was garbage or its own", () => {
    const sites = sitesOf(() => {
      functions.rememberNothing(200_000);
      functions.rememberMessages(50_000);
    });
    const [site, ...others] = sites;
    // an object with two fields, a cons string, its number and a slot of the array: 60 to 90 bytes
    assert.ok(site!.growthBytes > 50_000 * 50 && site!.growthBytes < 50_000 * 120, `${site?.growthBytes}`);
    assert.ok(site!.newSamples > 500);
    const rest = others.reduce((sum, { growthBytes }) => sum + growthBytes, 0);
    assert.ok(rest < 0.05 * site!.growthBytes, JSON.stringify(others.slice(0, 3)));
  });

  test("gives profiles of plain data with the time of its clock", () => {
    const clock = new VirtualClock();
    using profiler = new AllocationProfiler({ ...FINE, clock });
    profiler.start();
    functions.rememberMessages(5000);
    const profile = profiler.read();
    functions.history.length = 0;
    assert.equal(profile.timestamp, clock.now());
    assert.equal(profile.samplingIntervalBytes, 4096);
    assert.deepEqual(JSON.parse(JSON.stringify(profile)), profile);
  });

  test("runs once in a thread, and again after it stopped", () => {
    using first = new AllocationProfiler();
    using second = new AllocationProfiler();
    first.start();
    first.start();
    assert.throws(() => second.start(), ProfilerBusyError);
    first.stop();
    second.start();
    assert.equal(second.isRunning, true);
    assert.equal(first.isRunning, false);
  });

  test("begins anew, and says so, where another inspector ended the sampling", () => {
    using profiler = new AllocationProfiler(FINE);
    profiler.start();
    const other = new Session();
    other.connect();
    other.post("HeapProfiler.startSampling", {});
    other.disconnect();
    assert.throws(() => profiler.read(), SamplingLostError);
    functions.rememberMessages(5000);
    assert.ok(profiler.read().allocations.some(({ stack }) => stack.some(({ file }) => file === FIXTURE)));
    functions.history.length = 0;
  });

  test("does not end the sampling of another inspector", () => {
    const other = new Session();
    other.connect();
    other.post("HeapProfiler.startSampling", {});
    {
      using profiler = new AllocationProfiler(FINE);
      profiler.start();
      assert.ok(profiler.read().totalBytes >= 0);
    }
    let failed: unknown = "no answer";
    other.post("HeapProfiler.getSamplingProfile", (error) => (failed = error));
    other.disconnect();
    assert.equal(failed, null);
  });

  test("refuses to read before it was started, and senseless intervals", () => {
    assert.throws(() => new AllocationProfiler().read(), TypeError);
    for (const samplingIntervalBytes of [0, -1, 1.5, NaN, Infinity]) {
      assert.throws(() => new AllocationProfiler({ samplingIntervalBytes }), RangeError);
    }
  });
});
