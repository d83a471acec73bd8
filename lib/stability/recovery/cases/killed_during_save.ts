import { watch } from "node:fs";
import { systemClock } from "../../../base/system_clock.ts";
import { Hindrance } from "../_hindrance.ts";
import type { Rig, Said } from "../_rig.ts";
import type { RecoveryCase, RoundContext } from "../recovery_case.ts";
import { layerIfPossible, playRound, requireProcess } from "./_round.ts";

/** The companion is killed while it writes what a message has changed. */
export const killedDuringSave: RecoveryCase = {
  name: "killed during a save",
  proves:
    "A kill before any single write or sync of a save leaves the state before it or after it, never between.",
  ways: ["killed while it saves"],
  async run(context) {
    const layer = await layerIfPossible(context);
    return await playRound(context, { layer }, async (rig) => {
      requireProcess(rig, "a kill within a save");
      await rig.converse();
      return await (layer ? byOperation(rig, context) : byChange(rig, context));
    });
  },
};

/** The first rounds take the operations of a save one after another, the later ones any. */
async function byOperation(rig: Rig, { round, random }: RoundContext): Promise<string> {
  const files = rig.files!;
  const platform = random.pick(rig.platforms);
  const first = files.operations;
  await rig.prepare(() => rig.say(platform, "ada"));
  const count = files.operations - first;
  if (count === 0) {
    throw new Hindrance(
      "not-possible",
      "it wrote nothing that the file layer could see while it answered a message",
    );
  }
  const n = round < count ? round + 1 : random.integer(1, count);
  const before = await rig.sample();
  files.killAt(n);
  const said = await rig.mention(platform, "ada");
  const hasDied = await rig.untilKilled(() => rig.acknowledgeIfAnswered(said));
  if (!hasDied) await rig.untilKilled(); // answered first: it may save afterwards
  files.killAt(0);
  await endAndReturn(rig, before, said);
  return `killed before operation ${n} of ${count} of a save, on ${platform}`;
}

/** Kills as soon as a change in the directory is told. */
async function byChange(rig: Rig, { random }: RoundContext): Promise<string> {
  const platform = random.pick(rig.platforms);
  const before = await rig.sample();
  const { promise: changed, resolve } = Promise.withResolvers<void>();
  const watcher = watch(rig.env.dataDirectory, () => resolve());
  try {
    const said = await rig.mention(platform, "ada");
    const patience = systemClock.sleep(5000, { keepAlive: false });
    await rig.env.run(Promise.race([changed, patience]));
    await rig.env.crash();
    await endAndReturn(rig, before, said);
  } finally {
    watcher.close();
  }
  return `killed when a file changed, on ${platform}`;
}

async function endAndReturn(rig: Rig, before: Awaited<ReturnType<Rig["sample"]>>, said: Said): Promise<void> {
  await rig.env.crash();
  rig.acknowledgeIfAnswered(said);
  const meanwhile = (): Promise<void> =>
    rig.compare("over the kill", before, { offUntilMs: rig.startedAtMs, maySpeak: true });
  await rig.recover({ meanwhile });
}
