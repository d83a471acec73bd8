import { CHATTING, until } from "../../../harness/scenarios/_observe.ts";
import type { Rig } from "../_rig.ts";

/** Everybody says something, and is answered. */
export async function everybodySpeaks(rig: Rig, where: string): Promise<void> {
  for (const platform of rig.platforms) await until(rig.env, platform, CHATTING, where);
  for (const platform of rig.platforms) await rig.say(platform, "ada");
}

/** Everybody says something, and waits for a while whether there is an answer. */
export async function everybodyTries(rig: Rig, count: number, patienceMs: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const said = [];
    for (const platform of rig.platforms) said.push(await rig.mention(platform, "ada"));
    await rig.env.advance(patienceMs);
    for (const each of said) rig.acknowledgeIfAnswered(each);
  }
}
