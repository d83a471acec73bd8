import { median } from "../../lib/stats/median.ts";
import type { BenchRow } from "./_bench_report.ts";
import { type ClockSpeeds, measureClocks } from "./_clock_speed.ts";

const ROUNDS = 5;

/** Rows of `VirtualClock`. */
export async function measureClockRows(say: (what: string) => void): Promise<readonly BenchRow[]> {
  await measureClocks(); // the first round is slower by its compilation, for each of them
  const rounds: ClockSpeeds[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    say(`virtual clocks, round ${round} of ${ROUNDS} …`);
    rounds.push(await measureClocks());
  }
  return [
    {
      name: "VirtualClock, 100 pending timers",
      unit: "events/s",
      measured: rounds.map(({ ours }) => ours),
      peers: {
        "@sinonjs/fake-timers nextAsync": median(rounds.map(({ sinon }) => sinon)),
        "bare heap": median(rounds.map(({ bareHeap }) => bareHeap)),
      },
      goal: 2_000_000,
      better: "higher",
    },
    {
      name: "VirtualClock over @sinonjs/fake-timers nextAsync",
      unit: "times",
      measured: rounds.map(({ ours, sinon }) => ours / sinon),
      goal: 6,
      better: "higher",
    },
  ];
}
