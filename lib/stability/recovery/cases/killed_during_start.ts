import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../base/system_clock.ts";
import type { Rig } from "../_rig.ts";
import type { RecoveryCase, RoundContext } from "../recovery_case.ts";
import { layerIfPossible, playRound, requireProcess, wayOf } from "./_round.ts";

const WAYS = ["with what it knows", "for the first time", "again after a kill"] as const;
type Way = (typeof WAYS)[number];

/** The companion is killed while it starts. */
export const killedDuringStart: RecoveryCase = {
  name: "killed during the start",
  proves:
    "A start that was killed, the very first one too, leaves nothing that keeps the next one from starting.",
  ways: WAYS,
  async run(context) {
    const layer = await layerIfPossible(context);
    return await playRound(context, { layer }, async (rig) => {
      requireProcess(rig, "a kill within a start");
      const way = wayOf(context, WAYS);
      if (way === "for the first time") await rig.prepare(() => forget(rig));
      else await rig.converse();
      return `killed while it started ${way}, ${await killStart(rig, way, context)}`;
    });
  },
};

async function forget({ env }: Rig): Promise<void> {
  await env.stop();
  for (const name of await readdir(env.dataDirectory)) {
    await rm(join(env.dataDirectory, name), { recursive: true, force: true });
  }
}

async function killStart(rig: Rig, way: Way, context: RoundContext): Promise<string> {
  const isFirst = way === "for the first time";
  const before = isFirst ? undefined : await rig.sample();
  const count = isFirst ? rig.operationsOfFirstStart : await countOperations(rig);
  if (way === "again after a kill") await rig.env.crash();
  else if (!isFirst) await rig.env.stop();
  const when = await (count > 0 ? byOperation(rig, count, context) : byTime(rig, context));
  await rig.env.crash();
  await rig.recover({
    meanwhile: async () => {
      if (before)
        await rig.compare("over the start that was killed", before, { offUntilMs: rig.startedAtMs });
    },
  });
  return when;
}

/** What an ordinary start writes and syncs; 0 where that cannot be seen. */
async function countOperations({ env, files }: Rig): Promise<number> {
  if (!files) return 0;
  await env.stop();
  const first = files.operations;
  await env.start();
  return files.operations - first;
}

async function byOperation(rig: Rig, count: number, { round }: RoundContext): Promise<string> {
  const files = rig.files!;
  // one operation after another, from the second on: before the first one nothing has happened
  const n = 1 + ((Math.floor(round / WAYS.length) + 1) % count);
  files.killAt(n);
  await startThatDies(rig);
  const hasDied = files.hasKilled;
  files.killAt(0);
  return hasDied ? `before operation ${n} of ${count}` : `with less to do than the ${n} operations of others`;
}

async function byTime(rig: Rig, { random }: RoundContext): Promise<string> {
  const afterMs = random.integer(1, 800);
  const timer = systemClock.setTimer(() => void rig.surroundings.companion!.crash(), afterMs);
  await startThatDies(rig);
  timer.cancel();
  return `after ${afterMs} ms`;
}

async function startThatDies(rig: Rig): Promise<void> {
  await rig.env.start().catch(() => undefined);
}
