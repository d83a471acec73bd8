import { readTree, replaceTree } from "../_file_tree.ts";
import type { RecoveryCase } from "../recovery_case.ts";
import { playRound } from "./_round.ts";

const HOUR_MS = 3_600_000;

/** The data directory is put back as it was an hour ago. */
export const restoredBackup: RecoveryCase = {
  name: "restored backup",
  proves:
    "With an older state put back it goes on from there, aged since, and answers nothing a second time.",
  ways: ["a backup of an hour ago put back"],
  run: (context) =>
    playRound(context, {}, async (rig) => {
      const { env } = rig;
      await rig.converse();
      const before = await rig.sample();
      await rig.prepare(() => env.stop());
      const backup = await readTree(env.dataDirectory);
      const known = rig.said.length;
      await rig.prepare(() => env.start());
      if (env.virtualClock) await env.advance(HOUR_MS);
      await rig.converse();
      await (context.random.chance(0.5) ? env.stop() : env.crash());
      await replaceTree(env.dataDirectory, backup);
      rig.forgive(known);
      const meanwhile = (): Promise<void> =>
        rig.compare("after the backup was put back", before, { offUntilMs: rig.startedAtMs });
      await rig.recover({ meanwhile });
      return "a backup of an hour ago put back";
    }),
};
