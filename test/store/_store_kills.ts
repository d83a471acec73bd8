import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { SeededRandom } from "../../lib/base/random.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";

const STORE = new URL("../../lib/store/metrics_store.ts", import.meta.url).href;

// Counts up under load, and prints each number that it was told is durable; saves the file every few milliseconds as well.
const writer = (path: string): string => `
  import { MetricsStore } from ${JSON.stringify(STORE)};
  const store = await MetricsStore.open({ path: ${JSON.stringify(path)}, saveIntervalMs: 7, syncIntervalMs: 2 });
  let n = store.last("n")?.[1] ?? 0;
  const filler = Object.fromEntries(Array.from({ length: 60 }, (_, i) => ["filler_" + i, i / 7]));
  const begin = Date.now() - 1_000_000;
  for (;;) {
    for (let i = 0; i < 3; i++) {
      n++;
      store.append(begin + n, { n, ...filler });
      store.putState("n", n);
    }
    await store.flush();
    console.log(n);
  }
`;

/** What {@linkcode killStores} saw. */
export interface StoreKills {
  readonly kills: number;
  /** Samples that were said to be durable, by the last kill. */
  readonly acknowledged: number;
  /** One sentence for each that was not there afterwards. */
  readonly lost: readonly string[];
}

/** Kills a process that writes, again and again at moments that a seed decides, and looks at what it left. */
export async function killStores(
  path: string,
  kills: number,
  seed: number,
  onKill?: (done: number) => void,
): Promise<StoreKills> {
  const random = new SeededRandom(seed);
  const lost: string[] = [];
  let acknowledged = 0;
  for (let done = 0; done < kills; done++) {
    const args = ["--input-type=module", "-e", writer(path)];
    const child: ChildProcess = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_V8_COVERAGE: "" },
    });
    const killAt = acknowledged + 3 * random.integer(1, 25);
    const afterMs = random.next() * 6;
    for await (const line of createInterface({ input: child.stdout! })) {
      acknowledged = Number(line);
      // so as to meet a write, a sync, a rename or a removal anywhere in its middle
      if (acknowledged >= killAt) systemClock.setTimer(() => child.kill("SIGKILL"), afterMs);
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    if (child.signalCode !== "SIGKILL") throw new Error(`it ended by itself with ${child.exitCode}`);
    const errors: unknown[] = [];
    await using store = await MetricsStore.open({ path, onError: (error) => errors.push(error) });
    const [last, state] = [store.last("n")?.[1] ?? 0, Number(store.getState("n") ?? 0)];
    if (Math.min(last, state) < acknowledged) lost.push(`kill ${done}: ${last}, ${state} of ${acknowledged}`);
    const kept = store.query({ key: "n", from: 0, to: Infinity }).length;
    if (kept < last) lost.push(`kill ${done}: ${kept} samples of ${last}`);
    for (const error of errors) lost.push(`kill ${done}: ${String(error)}`);
    onKill?.(done + 1);
  }
  return { kills, acknowledged, lost };
}
