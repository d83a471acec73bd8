import { readMessageText } from "../../mocks/discord/discord_types.ts";
import type { PlatformName } from "../../harness/environment.ts";
import { formatViolation, type ViolationRule } from "../../mocks/violations.ts";
import {
  checkHistory,
  type HistoryVerdict,
  type KeptConversation,
  type SeenReply,
} from "../history_checker.ts";
import type { Rig, Said } from "./_rig.ts";

const LATE_VIRTUAL_MS = 60_000;
const LATE_REAL_MS = 3000;
const PROMPT_REACH = 4;

/** What is wrong after all, one sentence each, and what it was judged by. */
export interface Aftermath {
  readonly complaints: readonly string[];
  readonly verdict: HistoryVerdict;
}

/**
 * Gives late answers their time, and looks at all that is left: what users read, what the companion remembers, its
 * emotions, and what the mocks complain of.
 *
 * @param provokes Rules that what was done has broken by itself.
 */
export async function lookAfter(rig: Rig, provokes: readonly ViolationRule[] = []): Promise<Aftermath> {
  const { env } = rig;
  await env.advance(env.virtualClock ? LATE_VIRTUAL_MS : LATE_REAL_MS);
  for (const said of rig.said) {
    if (said.acknowledgedAt === undefined) rig.acknowledgeIfAnswered(said);
  }
  const kept: KeptConversation[] = [];
  for (const platform of rig.platforms) {
    for (const user of new Set(
      rig.said.filter((each) => each.platform === platform).map(({ user }) => user),
    )) {
      if (platform === "android") kept.push(await readPhone(rig, user));
      else kept.push(rig.recalls(platform) ? await readPrompt(rig, platform, user) : readChannel(rig, user));
    }
  }
  const { said: sent, passages: emotions } = rig;
  const verdict = checkHistory({ sent, replies: await readReplies(rig), kept, emotions });
  const { violations, faults } = await env.verdict();
  const complaints = [
    ...verdict.findings.map(({ sentence }) => sentence),
    ...violations.filter(({ rule }) => !provokes.includes(rule)).map(formatViolation),
    ...faults,
  ];
  return { complaints, verdict };
}

/** The history that the companion shows on its user's phone. */
async function readPhone({ env, said }: Rig, user: string): Promise<KeptConversation> {
  const client = await env.android(user);
  const messages = (await env.run(client.readHistory())) ?? client.messages;
  const entries = messages.flatMap(({ content }) => findEntries(content, said));
  return { user, platform: "android", entries };
}

/** What its user sees on Discord, of a companion that tells its model nothing of what was said before: it has nothing to forget. */
function readChannel({ env, said }: Rig, user: string): KeptConversation {
  const texts = env.discord.directMessages(user).map(readMessageText);
  return { user, platform: "discord", entries: texts.flatMap((text) => findEntries(text, said)) };
}

/** The history that the companion tells its model, with one more message. A prompt may say the same thing twice. */
async function readPrompt(rig: Rig, platform: PlatformName, user: string): Promise<KeptConversation> {
  const probe = await rig.say(platform, user);
  const prompt = rig.talk.model.promptAbout(probe.word)?.all ?? "";
  const found = findEntries(prompt, rig.said).filter(({ id }) => id !== probe.id);
  const isLast = ({ id, by }: (typeof found)[number], i: number): boolean =>
    found.findLastIndex((each) => each.id === id && each.by === by) === i;
  const entries = [
    ...found.filter(isLast),
    { id: probe.id, by: "user" },
    { id: probe.id, by: "companion" },
  ] as const;
  return { user, platform, entries, reach: PROMPT_REACH };
}

/** The code words of a text, in their order: each stands for a message, or for the answer to one. */
function findEntries(text: string, said: readonly Said[]): KeptConversation["entries"] {
  const meanings = new Map<string, KeptConversation["entries"][number]>();
  for (const { id, word, answer } of said) {
    meanings.set(word, { id, by: "user" });
    meanings.set(answer, { id, by: "companion" });
  }
  return (text.match(/\p{L}+/gu) ?? []).flatMap((word) => meanings.get(word) ?? []);
}

async function readReplies({ env, talk, said }: Rig): Promise<readonly SeenReply[]> {
  const messages = await talk.companionMessages(env);
  return said.flatMap(({ id, answer }) =>
    messages
      .filter(({ text }) => text.includes(answer))
      .map(({ place, platform }) => ({ to: id, platform, user: /of (.+)$/.exec(place)?.[1] ?? place })),
  );
}
