import { waitFor } from "../../../harness/scenarios/_observe.ts";
import type { RecoveryCase } from "../recovery_case.ts";
import { playRound, wayOf } from "./_round.ts";

const WAYS = ["while it thinks", "right after the answer"] as const;

/** The companion is killed while it has to do with a message. */
export const killedWithinMessage: RecoveryCase = {
  name: "killed within a message",
  proves: "A kill between message and answer loses nothing that was answered, and nothing is answered twice.",
  ways: WAYS,
  run: (context) =>
    playRound(context, {}, async (rig) => {
      const { env, talk, platforms } = rig;
      await rig.converse();
      const way = wayOf(context, WAYS);
      const platform = context.random.pick(platforms);
      const before = await rig.sample();
      if (way === "right after the answer") {
        await rig.prepare(() => rig.say(platform, "ada"));
        const answered = await rig.sample();
        await env.crash();
        await rig.recover({
          meanwhile: () => rig.compare("over the kill", answered, { offUntilMs: rig.startedAtMs }),
        });
      } else {
        const said = await rig.prepare(() => rig.mention(platform, "grace"));
        await rig.prepare(() =>
          waitFor(env, "the model is asked", () => talk.model.promptAbout(said.word) !== undefined),
        );
        // some feel what they are told before they answer, and may have saved it or not
        const or = await rig.prepare(() => rig.sample());
        await env.crash();
        await rig.recover({
          meanwhile: () => rig.compare("over the kill", before, { or, offUntilMs: rig.startedAtMs }),
        });
      }
      return `killed ${way} on ${platform}`;
    }),
};
