import type { RecoveryCase } from "../recovery_case.ts";
import { layerForTime, playRound, wayOf } from "./_round.ts";

const HOUR_MS = 3_600_000;
const HOURS = [5, 30, 1, 96, 240] as const;

/** The companion is off for hours or days. */
export const longAbsence: RecoveryCase = {
  name: "long absence",
  proves:
    "Hours and days off make of the emotions what the decay says, and everybody is answered afterwards.",
  ways: HOURS.map((hours) => `off for ${hours} h`),
  run: async (context) =>
    playRound(context, { layer: await layerForTime(context) }, async (rig) => {
      const { env } = rig;
      await rig.converse();
      const hours = wayOf(context, HOURS);
      // not a multiple of a tick: what is left of one is owed, too
      const offMs = hours * HOUR_MS + context.random.integer(0, HOUR_MS);
      const before = await rig.sample();
      await (context.random.chance(0.5) ? env.stop() : env.crash());
      await rig.passTimeOff(offMs);
      const meanwhile = (): Promise<void> =>
        rig.compare(`after ${hours} h off`, before, { offUntilMs: rig.startedAtMs });
      await rig.recover({ meanwhile });
      return `off for ${hours} h`;
    }),
};
