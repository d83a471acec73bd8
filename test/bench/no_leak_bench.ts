// How often assertNoLeak is wrong: 200 runs of ten healthy functions, whose caches fill, whose code is compiled late and whose
// closures are made lazily, none of which may alarm; 60 runs of six leaks, all of which must be found, with the function.
// `node test/bench/no_leak_bench.ts`
import { assertNoLeak, LeakFoundError } from "../../lib/memory/assert_no_leak.ts";
import { reportBench } from "./_bench_report.ts";

const HEALTHY_RUNS = 20;
const LEAK_RUNS = 10;
const ITERATIONS = 50;

/** A new function each time: nothing is left from the run before. */
type Make = () => () => unknown;

function cacheOf(entries: number): Make {
  return () => {
    const cache = new Map<number, object>();
    let calls = 0;
    return () => cache.set(calls++ % entries, { text: `entry ${calls}` });
  };
}

const healthy: Readonly<Record<string, Make>> = {
  "garbage only": () => () => JSON.parse('{"a":[1,2,{"b":3}]}') as unknown,
  "cache of 200": cacheOf(200),
  "cache of 1200": cacheOf(1200),
  "cache of random keys": () => {
    const cache = new Map<number, object>();
    let key = 1;
    return () => {
      key = (key * 48_271) % 2_147_483_647;
      cache.set(key % 3000, Array.from({ length: 40 }));
    };
  },
  "lazy closures": () => {
    const closures: ((text: string) => string)[] = [];
    let calls = 0;
    return () => {
      const i = calls++ % 1000;
      return (closures[i] ??= (text) => `${i} ${text}`)("x");
    };
  },
  "code compiled late": () => {
    let calls = 0;
    return () => {
      calls++;
      // oxlint-disable-next-line no-new-func -- code that V8 has not seen
      return calls < 700 ? (new Function("a", `return a + ${calls}`) as (a: number) => number)(1) : calls;
    };
  },
  "ring of buffers": () => {
    const ring: Buffer[] = [];
    let calls = 0;
    return () => void (ring[calls++ % 64] = Buffer.alloc(10_000));
  },
  "buffers that come and go": () => () => Buffer.alloc(50_000, 1).length,
  "promises that end": () => () => Promise.all([1, 2, 3].map((n) => Promise.resolve({ n }))),
  "log that is trimmed": () => {
    let log = "";
    return () => (log = log.length > 20_000 ? "" : `${log} some words`).length;
  },
};

const leaks: Readonly<Record<string, Make>> = {
  history: () => {
    const kept: object[] = [];
    return function remember(): void {
      kept.push({ text: `message ${kept.length}`, at: kept.length, from: "ada" });
    };
  },
  closure: () => {
    const kept: (() => object)[] = [];
    return function subscribe(): void {
      const own = Array.from({ length: 8 }, () => kept.length);
      kept.push(() => own);
    };
  },
  buffer: () => {
    const kept: Buffer[] = [];
    return function record(): void {
      kept.push(Buffer.alloc(10_000));
    };
  },
  "one in ten": () => {
    const kept: object[] = [];
    let calls = 0;
    return function seldom(): void {
      if (calls++ % 10 === 0) kept.push(Array.from({ length: 200 }));
    };
  },
  "beside a cache": () => {
    const cache = new Map<number, object>();
    const kept: object[] = [];
    return function both(): void {
      cache.set(kept.length % 400, Array.from({ length: 50 }));
      kept.push({ text: `message ${kept.length}`, at: kept.length, from: "ada" });
    };
  },
  async: () => {
    const kept: object[] = [];
    return async function later(): Promise<void> {
      await Promise.resolve();
      kept.push(new Promise(() => {}), { text: `message ${kept.length}` });
    };
  },
};

async function runOnce(make: Make): Promise<"healthy" | "not-enough-evidence" | LeakFoundError> {
  try {
    return (await assertNoLeak(make(), { iterations: ITERATIONS })).verdict;
  } catch (error) {
    if (error instanceof LeakFoundError) return error;
    throw error;
  }
}

async function runAll(
  makes: Readonly<Record<string, Make>>,
  runs: number,
): Promise<{ alarms: number; abstained: number; named: number }> {
  const all = { alarms: 0, abstained: 0, named: 0 };
  for (const [name, make] of Object.entries(makes)) {
    const own = { alarms: 0, abstained: 0, named: 0 };
    for (let run = 0; run < runs; run++) {
      const found = await runOnce(make);
      if (found === "not-enough-evidence") own.abstained++;
      if (!(found instanceof LeakFoundError)) continue;
      own.alarms++;
      if (found.sites[0]?.file === import.meta.filename) own.named++;
    }
    console.error(`${name.padEnd(26)} ${runs} runs: ${own.alarms} alarms, ${own.abstained} abstained`);
    all.alarms += own.alarms;
    all.abstained += own.abstained;
    all.named += own.named;
  }
  return all;
}

const well = await runAll(healthy, HEALTHY_RUNS);
const ill = await runAll(leaks, LEAK_RUNS);
reportBench([
  { name: "healthy functions that alarm, of 200", unit: "runs", measured: [well.alarms], goal: 0 },
  { name: "healthy functions left open, of 200", unit: "runs", measured: [well.abstained], goal: 40 },
  { name: "leaks found, of 60", unit: "runs", measured: [ill.alarms], goal: 60, better: "higher" },
  {
    name: "leaks whose file is named, of 60",
    unit: "runs",
    measured: [ill.named],
    goal: 60,
    better: "higher",
  },
]);
