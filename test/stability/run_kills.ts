// A run that is killed a hundred times at seeded moments, beside one that never was: node test/stability/run_kills.ts
// [--kills 100] [--hours 48] [--seed 1]. Exit code 0: the same end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatDuration } from "../../lib/base/format.ts";
import { SeededRandom } from "../../lib/base/random.ts";
import type { StabilityResults } from "../../lib/stability/stability_results.ts";
import { temporaryDirectory } from "./_runs.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    hours: { type: "string", default: "48" },
    seed: { type: "string", default: "1" },
  },
});
const SCRIPT = fileURLToPath(new URL("_stability_process.ts", import.meta.url));
// Longer than discord.js takes to come back from an outage, or no life would get past one.
const LONGEST_LIFE_MS = 14_000;

/** Runs until its end, or is killed after so much real time, wherever it is then. */
async function live(directory: string, mode: "new" | "resume", lifeMs?: number): Promise<boolean> {
  const child = spawn(process.execPath, [SCRIPT, directory, mode, values.hours], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const timer = lifeMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), lifeMs);
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  clearTimeout(timer);
  if (code !== 0 && signal !== "SIGKILL") throw new Error(`The run must go on, got exit code ${code}`);
  return code === 0;
}

async function resultsOf(directory: string): Promise<StabilityResults> {
  return JSON.parse(await readFile(join(directory, "results.json"), "utf8")) as StabilityResults;
}

async function elapsedOf(directory: string): Promise<number> {
  const text = await readFile(join(directory, "progress.json"), "utf8").catch(() => '{"elapsedMs":0}');
  return (JSON.parse(text) as { elapsedMs: number }).elapsedMs;
}

await using whole = await temporaryDirectory();
console.log(`${values.hours} virtual hours without a kill …`);
await live(whole.path, "new");
const expected = await resultsOf(whole.path);
const random = new SeededRandom(values.seed);
const startMs = performance.now();
let [kills, rounds, same] = [0, 0, true];
while (kills < Number(values.kills)) {
  await using cut = await temporaryDirectory();
  rounds++;
  let isOver = false;
  for (let mode: "new" | "resume" = "new"; !isOver; mode = "resume") {
    const isEnough = kills >= Number(values.kills);
    isOver = await live(cut.path, mode, isEnough ? undefined : random.next() * LONGEST_LIFE_MS);
    if (isOver) break;
    kills++;
    const leftMs = ((performance.now() - startMs) / kills) * (Number(values.kills) - kills);
    const at = formatDuration(await elapsedOf(cut.path));
    console.log(
      `kill ${kills} of ${values.kills}, at ${at} of run ${rounds}; about ${formatDuration(leftMs)} left`,
    );
  }
  const results = await resultsOf(cut.path);
  const isSame = results.eventHash === expected.eventHash && results.events === expected.events;
  same &&= isSame && JSON.stringify(results.messages) === JSON.stringify(expected.messages);
  console.log(
    `run ${rounds}: ${results.resumes} resumes counted, ${isSame ? "the same end" : "ANOTHER END"}`,
  );
}
console.log(
  `${kills} kills, ${rounds} runs, ${expected.events} events each: ${same ? "all ended as the whole one" : "NOT all the same"}`,
);
process.exitCode = same ? 0 : 2;
