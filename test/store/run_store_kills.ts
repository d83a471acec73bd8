// Kills a process that writes metrics a thousand times, and looks whether all is there that was said to be durable:
// node test/store/run_store_kills.ts [kills] [seed]. Ends with 2 where something was lost.
import { join } from "node:path";
import { formatDuration } from "../../lib/base/format.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import { killStores } from "./_store_kills.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

const [kills = 1000, seed = 1] = process.argv.slice(2).map(Number);
await using folder = await temporaryFolder();
const startMs = systemClock.monotonicMs();
const { acknowledged, lost } = await killStores(join(folder.path, "metrics.db"), kills, seed, (done) => {
  if (done % Math.ceil(kills / 20) > 0) return;
  const leftMs = ((systemClock.monotonicMs() - startMs) / done) * (kills - done);
  console.error(`${done} of ${kills}, about ${formatDuration(leftMs)} left`);
});
console.log(`${kills} kills, seed ${seed}: ${acknowledged} batches said to be durable, ${lost.length} lost`);
for (const sentence of lost) console.log(sentence);
process.exitCode = lost.length > 0 ? 2 : 0;
