// How often the default rules fire in clean virtual weeks of pocket Demi: node test/bench/alert_weeks.ts [casual weeks] [active weeks].
// What is printed is the table of lib/alerts/RUNBOOK.md.
import { PocketDemi } from "../../examples/demi/pocket_demi.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";

const [casual = 4, active = 2] = process.argv.slice(2).map(Number);
for (const [pattern, weeks] of [
  ["casual", casual],
  ["active", active],
] as const) {
  const fired = new Map<string, number>();
  for (let seed = 1; seed <= weeks; seed++) {
    await using test = new LongRunningStabilityTest({
      companion: () => new PocketDemi(),
      pattern,
      seed,
      stopWhenHopeless: false,
    });
    await test.setup();
    for (const { id, fired: times } of (await test.run()).alerts) fired.set(id, (fired.get(id) ?? 0) + times);
    console.error(`${pattern} week ${seed} of ${weeks}`);
  }
  const rates = [...fired].map(([id, times]) => `${id} ${(times / weeks).toFixed(1)} a week`);
  console.log(`${pattern}, ${weeks} weeks: ${rates.join(", ") || "none"}`);
}
