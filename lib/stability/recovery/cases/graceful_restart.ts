import { waitFor } from "../../../harness/scenarios/_observe.ts";
import type { Rig } from "../_rig.ts";
import type { RecoveryCase } from "../recovery_case.ts";
import { playRound, wayOf } from "./_round.ts";

const LATE_MS = 10_000;
const WAYS = ["at rest", "while it thinks of an answer"] as const;

/** The companion is stopped and started. */
export const gracefulRestart: RecoveryCase = {
  name: "graceful restart",
  proves: "A stop and a start change nothing, and what was received before is answered once.",
  ways: WAYS,
  run: (context) =>
    playRound(context, {}, async (rig) => {
      await rig.converse();
      const way = wayOf(context, rig.env.platforms.includes("discord") ? WAYS : WAYS.slice(0, 1));
      await (way === "at rest" ? atRest(rig) : whileThinking(rig));
      return `stopped ${way}`;
    }),
};

async function atRest(rig: Rig): Promise<void> {
  const before = await rig.sample();
  await rig.env.stop();
  const meanwhile = (): Promise<void> =>
    rig.compare("over the restart", before, { offUntilMs: rig.startedAtMs });
  await rig.recover({ meanwhile });
}

async function whileThinking(rig: Rig): Promise<void> {
  const { env, talk } = rig;
  const said = await rig.mention("discord", "grace");
  await waitFor(env, "the model is asked", () => talk.model.promptAbout(said.word) !== undefined);
  await env.stop();
  await rig.recover();
  await env.advance(LATE_MS);
  const { bot } = env.discord;
  const { length } = env.discord.directMessages("grace").filter(({ author }) => author.id === bot.id);
  if (length === 1) return; // an excuse is an answer, too
  throw new Error(
    `a message that a stop met must be answered once, before it or after the start, got ${length} answers`,
  );
}
