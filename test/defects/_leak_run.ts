import { pocketDemiProcessWith } from "../../examples/pocket_demi_process.ts";
import type { LeakName } from "../../examples/demi/leaks.ts";
import { LoadGenerator } from "../../lib/harness/load/load_generator.ts";
import type { LoadPatternName } from "../../lib/harness/load/load_pattern.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";
import type { AllocationSite } from "../../lib/memory/compare_profiles.ts";
import type { LeakVerdict } from "../../lib/memory/leak_verdict.ts";
import { RemoteMemoryProfiler } from "../../lib/memory/remote_memory_profiler.ts";

/** A life of pocket Demi as a process of her own, with her memory watched through her inspector. */
export interface LeakRun {
  readonly leak?: LeakName | undefined;
  readonly pattern: LoadPatternName;
  readonly seed: number;
  /** On her clock. */
  readonly minutes: number;
}

/** What was seen. */
export interface LeakRunResult {
  readonly verdict: LeakVerdict;
  readonly sites: readonly AllocationSite[];
  readonly answered: number;
  readonly profiler: RemoteMemoryProfiler;
}

// Eight for each of the parts that a verdict goes by: messages come in bursts, and in fewer parts a burst early on looks like a warm-up.
const SAMPLES = 512;

// Coverage counts what runs, and keeps the counts on the heap that is judged: with it (BYTECODE_COMPILER) grew most.
const WITHOUT_COVERAGE = { NODE_V8_COVERAGE: "" };

/** Lives and looks; garbage is collected before each sample. */
export async function watchLife({ leak, pattern, seed, minutes }: LeakRun): Promise<LeakRunResult> {
  const companion = pocketDemiProcessWith({
    leak,
    nodeArguments: ["--inspect=127.0.0.1:0"],
    env: WITHOUT_COVERAGE,
  });
  await using env = await testEnvironment({ companion, seed });
  const { clock } = env;
  const [url = ""] = /ws:\/\/\S+/.exec(env.logLines.join("\n")) ?? [];
  await using profiler = await RemoteMemoryProfiler.attach(
    { url },
    // a message holds some kilobytes here: finer than by default, so that a thousand of them are seen
    { clock, collectGarbage: true, samplingIntervalBytes: 8192, minHours: 0.2 },
  );
  const durationMs = minutes * 60_000;
  const errors: unknown[] = [];
  using _sampling = clock.setRepeating(() => {
    const taken = profiler.sample().catch((error: unknown) => errors.push(error));
    void clock.track(taken, "a sample of memory");
  }, durationMs / SAMPLES);
  const { answered } = await new LoadGenerator({ pattern, seed }).run(env, { durationMs });
  const sites = await profiler.findSites();
  if (errors.length > 0) throw errors[0];
  return { verdict: profiler.verdict(), sites, answered, profiler };
}
