import { SeededRandom } from "../../lib/base/random.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import type { FeedMemory } from "../../lib/feed/messages.ts";
import { toFeedMemory } from "../../lib/feed/to_feed_memory.ts";
import type { AllocationSite } from "../../lib/memory/compare_profiles.ts";
import { LeakDetector } from "../../lib/memory/leak_detector.ts";
import type { MemorySample } from "../../lib/memory/sample.ts";

const MINUTE = 60_000;

/** A life that the detector judges: what it holds by the hour, in bytes, without garbage. */
export interface FixtureLife {
  readonly hours: number;
  readonly held: (hour: number) => number;
  readonly sites?: readonly AllocationSite[] | undefined;
}

/** What the shipped detector says of a life that ends now, as the feed tells it. Garbage comes and goes on top. */
export function fixtureMemory({ hours, held, sites }: FixtureLife): FeedMemory {
  const random = new SeededRandom("fixture memory");
  const detector = new LeakDetector({ limitsBytes: [4.3e9, 8e9, 10e9] });
  const count = Math.round(hours * 60);
  const start = systemClock.now() - count * MINUTE;
  const samples: MemorySample[] = [];
  for (let i = 0; i < count; i++) {
    const garbage = 60e6 * ((i % 23) / 23);
    const heapUsedBytes = held(i / 60) + garbage + 3e6 * random.next();
    const sample = { timestamp: start + i * MINUTE, heapUsedBytes, uptimeSeconds: i * 60 };
    samples.push(sample);
    detector.add(sample);
  }
  return toFeedMemory(detector.verdict(), samples, { sites, heapLimitBytes: 4.3e9 });
}

/** A function whose objects come to stay. */
export function fixtureSite(changes: Partial<AllocationSite> = {}): AllocationSite {
  return {
    functionName: "rememberTurn",
    file: "/srv/demi/src/conversation/history.ts",
    line: 42,
    column: 3,
    bytesBefore: 0,
    bytesAfter: 148e6,
    growthBytes: 148e6,
    bufferGrowthBytes: 0,
    share: 0.91,
    newSamples: 283,
    stack: [],
    callers: [],
    ...changes,
  };
}

export const LEAKING: FixtureLife = {
  hours: 30,
  held: (hour) => 420e6 + 9.5e6 * hour,
  sites: [
    fixtureSite(),
    fixtureSite({
      functionName: "(anonymous)",
      file: "/srv/demi/src/platforms/discord.ts",
      line: 117,
      growthBytes: 12e6,
      bufferGrowthBytes: 0,
      share: 0.07,
    }),
  ],
};

export const HEALTHY: FixtureLife = { hours: 30, held: () => 420e6 };
export const YOUNG: FixtureLife = { hours: 0.5, held: () => 420e6 };
