import { differingFiles, readTree, replaceTree } from "../_file_tree.ts";
import { Hindrance } from "../_hindrance.ts";
import type { Rig, Said } from "../_rig.ts";
import { diskAfterPowerLoss, type FileTree, type PowerLoss } from "../power_loss.ts";
import type { RecoveryCase, RoundContext } from "../recovery_case.ts";
import { playRound, requireProcess, wayOf } from "./_round.ts";

const MOMENTS = ["right after an answer", "within a save", "after a restart"] as const;
const LOSSES = ["nothing", "names", "some"] as const satisfies readonly PowerLoss[];
const WAYS = LOSSES.flatMap((loss) => MOMENTS.map((moment) => ({ loss, moment })));

const WORDS: Readonly<Record<PowerLoss, string>> = {
  nothing: "nothing that was not synced survived",
  names: "names survived, and contents that were not synced did not",
  some: "of what was not synced some pages survived",
  everything: "everything survived",
};

/** The power goes: of what the companion has written, only what it has synced is certain to be there. */
export const powerLoss: RecoveryCase = {
  name: "power loss",
  proves: "What was answered was synced before, and what was not synced may be there in any part.",
  ways: WAYS.map(({ loss, moment }) => `power lost ${moment}, ${WORDS[loss]}`),
  async run(context) {
    const layer = await context.layer();
    return await playRound(context, { layer }, async (rig) => {
      requireProcess(rig, "a power loss");
      const { loss, moment } = wayOf(context, WAYS);
      let base: FileTree = { files: new Map(), directories: new Set() };
      if (moment === "after a restart") base = await restart(rig);
      await rig.converse();
      const before = await rig.sample();
      const said = moment === "within a save" ? await dieInSave(rig, context) : await dieAfterAnswer(rig);
      await losePower(rig, base, loss, context);
      const meanwhile = async (): Promise<void> => {
        await rig.compare("over the power loss", before, { offUntilMs: rig.startedAtMs, maySpeak: true });
      };
      if (said) rig.acknowledgeIfAnswered(said);
      await rig.recover({ meanwhile });
      return `power lost ${moment}, ${WORDS[loss]}`;
    });
  },
};

/** All that was written before is on the disk: the power stays on until then. */
async function restart(rig: Rig): Promise<FileTree> {
  await rig.converse();
  await rig.prepare(() => rig.env.stop());
  const base = await readTree(rig.env.dataDirectory);
  rig.files!.forget();
  await rig.prepare(() => rig.env.start());
  return base;
}

async function dieAfterAnswer(rig: Rig): Promise<undefined> {
  await rig.env.crash();
}

async function dieInSave(rig: Rig, { random }: RoundContext): Promise<Said> {
  const files = rig.files!;
  const platform = random.pick(rig.platforms);
  const first = files.operations;
  await rig.prepare(() => rig.say(platform, "ada"));
  const count = Math.max(1, files.operations - first);
  files.killAt(random.integer(1, count));
  const said = await rig.mention(platform, "ada");
  if (!(await rig.untilKilled(() => rig.acknowledgeIfAnswered(said)))) await rig.untilKilled();
  files.killAt(0);
  await rig.env.crash();
  return said;
}

/** Puts in the place of the files what can be left of them. */
async function losePower(rig: Rig, base: FileTree, loss: PowerLoss, { random }: RoundContext): Promise<void> {
  const { dataDirectory } = rig.env;
  const operations = await rig.files!.readOperations();
  const mapped = new Set(operations.flatMap((each) => (each.kind === "map" ? [each.path] : [])));
  const unseen = differingFiles(
    diskAfterPowerLoss(base, operations, "everything", random),
    await readTree(dataDirectory),
  ).filter((path) => !(mapped.has(path) && path.endsWith("-shm"))); // SQLite makes that one anew
  if (unseen.length > 0) {
    throw new Hindrance(
      "not-possible",
      `the file layer has not seen all that it writes: ${unseen.slice(0, 3).join(", ")} differs from what was seen`,
    );
  }
  await replaceTree(dataDirectory, diskAfterPowerLoss(base, operations, loss, random));
  rig.files!.forget();
}
