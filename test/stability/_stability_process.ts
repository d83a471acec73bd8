// One run as a process of its own, to be killed: node _stability_process.ts <directory> <resume|new> [hours]
import process from "node:process";
import { pocketDemi } from "../../examples/demi/pocket_demi.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";
import { WEEKLY_FAULTS } from "./_runs.ts";

const [directory = "", mode, hours = "8"] = process.argv.slice(2);
await using test = new LongRunningStabilityTest({
  companion: pocketDemi,
  durationHours: Number(hours),
  pattern: { messagesPerHour: 30 },
  seed: 7,
  directory,
  resume: mode === "resume",
  faults: WEEKLY_FAULTS,
  onEvent: ({ atMs }) => process.stdout.write(`${Math.round(atMs)}\n`),
});
await test.setup();
await test.run();
