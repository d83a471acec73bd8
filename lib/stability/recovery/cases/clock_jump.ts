import { mapEmotions } from "../../../emotion/emotional_state.ts";
import { type AgeingModel, roughAgeing } from "../ageing_model.ts";
import type { Rig } from "../_rig.ts";
import type { RecoveryCase, RoundContext } from "../recovery_case.ts";
import { everybodySpeaks } from "./_platforms.ts";
import { layerForTime, playRound } from "./_round.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LOOK_MS = 2 * HOUR_MS;

interface Way {
  readonly does: string;
  readonly jumpMs: number;
  readonly isOff: boolean;
}

const WAYS: readonly Way[] = [
  { does: "set back by five hours while it was off", jumpMs: -5 * HOUR_MS, isOff: true },
  { does: "set forward by three days while it was off, and right again", jumpMs: 3 * DAY_MS, isOff: true },
  { does: "set back by five hours while it ran", jumpMs: -5 * HOUR_MS, isOff: false },
  { does: "set forward by a day while it ran, and right again", jumpMs: DAY_MS, isOff: false },
];

/** Somebody sets the clock. */
export const clockJump: RecoveryCase = {
  name: "clock jump",
  proves:
    "A clock that is set, forwards or back, neither stops the emotions nor throws them, nor mixes up what was said.",
  ways: WAYS.map(({ does }) => `the clock was ${does}`),
  async run(context) {
    const layer = await layerForTime(context);
    // the phone sorts by the times that the companion writes, which go back with its clock
    const provokes = ["message-out-of-order"] as const;
    return await playRound(context, { layer, provokes }, async (rig) => {
      await rig.converse();
      const way = wayFor(rig, context);
      await (way.isOff ? whileOff(rig, way) : whileRunning(rig, way));
      await rig.env.crash();
      await rig.recover();
      return `the clock was ${way.does}`;
    });
  },
};

/** The clock of a process is what it was started with, and what passes while it runs is real. */
function wayFor(rig: Rig, { round }: RoundContext): Way {
  const ways = rig.isProcess ? WAYS.filter(({ isOff }) => isOff) : WAYS;
  return ways[round % ways.length]!;
}

async function whileOff(rig: Rig, { jumpMs }: Way): Promise<void> {
  const { env } = rig;
  const before = await rig.sample();
  await env.stop();
  rig.setClock(jumpMs);
  const direction = jumpMs < 0 ? "back" : "forward";
  await rig.recover({
    meanwhile: () =>
      rig.compare(`after the clock was set ${direction}`, before, { offUntilMs: rig.startedAtMs }),
  });
  await goOn(rig, `in the hours after the clock was set ${direction}`);
  if (jumpMs < 0) return;
  const ahead = await rig.sample();
  await env.stop();
  rig.setClock(0);
  await rig.recover({
    meanwhile: () =>
      rig.compare("after the clock was set right again", ahead, { offUntilMs: rig.startedAtMs }),
  });
  await goOn(rig, "in the hours after the clock was set right again");
}

async function whileRunning(rig: Rig, { jumpMs }: Way): Promise<void> {
  const { surroundings } = rig;
  for (const offsetMs of jumpMs < 0 ? [jumpMs] : [jumpMs, 0]) {
    const before = await rig.sample();
    const stepMs = offsetMs - surroundings.clockOffsetMs;
    rig.setClock(offsetMs);
    await rig.env.advance(HOUR_MS);
    const direction = stepMs < 0 ? "back" : "forward";
    const ageing = eitherWay(stepMs);
    await rig.compare(`in the hour in which the clock was set ${direction}`, before, { ageing });
    await everybodySpeaks(rig, `after the clock was set ${direction}`);
    await goOn(rig, `in the hours after the clock was set ${direction}`);
  }
}

/** From then on emotions age as ever; where hours cannot be waited for, while it is off. */
async function goOn(rig: Rig, where: string): Promise<void> {
  const before = await rig.sample();
  if (rig.env.virtualClock) {
    await rig.env.advance(LOOK_MS);
    return await rig.compare(where, before);
  }
  await rig.env.stop();
  await rig.passTimeOff(LOOK_MS);
  await rig.recover({ meanwhile: () => rig.compare(where, before, { offUntilMs: rig.startedAtMs }) });
}

/** A companion may believe its clock, or go by the time that has passed. */
function eitherWay(stepMs: number): AgeingModel {
  return (quiet) => {
    const shift = (by: number): ReturnType<AgeingModel> =>
      roughAgeing({ ...quiet, fromMs: quiet.fromMs + by, lastInteractionMs: quiet.lastInteractionMs + by });
    const [believing, measuring] = [shift(0), shift(stepMs)];
    return {
      min: mapEmotions((name) => Math.min(believing.min[name], measuring.min[name])),
      max: mapEmotions((name) => Math.max(believing.max[name], measuring.max[name])),
    };
  };
}
