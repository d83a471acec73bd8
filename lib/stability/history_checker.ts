// This module is browser-safe.
import { EMOTION_NAMES, type EmotionalState, type EmotionValues } from "../emotion/emotional_state.ts";

/** A message that a user sent. */
export interface SentMessage {
  /** Whatever tells it from all others. */
  readonly id: string;
  readonly user: string;
  readonly platform: string;
  /** When its user read the answer. Absent: the companion owes nothing for it, but must not answer it twice. */
  readonly acknowledgedAt?: number | undefined;
}

/** An answer that a user read. */
export interface SeenReply {
  /** Message that it answers. */
  readonly to: string;
  readonly user: string;
  readonly platform: string;
}

/** What the companion remembers of one conversation, read when all was over. */
export interface KeptConversation {
  readonly user: string;
  readonly platform: string;
  /** Oldest first. */
  readonly entries: readonly {
    /** The message that was kept, or the one whose answer was. */
    readonly id: string;
    readonly by: "user" | "companion";
  }[];
  /** How many of the latest acknowledged messages it must have. A prompt has only so many. @default all */
  readonly reach?: number | undefined;
}

/** Emotions before and after something that must not disturb them. */
export interface EmotionPassage {
  /** Such as `over the crash`; begins the sentence. */
  readonly where: string;
  readonly before: EmotionalState;
  readonly after: EmotionalState;
  /** What had to become of them meanwhile, by ageing. @default what they were */
  readonly min?: EmotionValues | undefined;
  /** @default what they were */
  readonly max?: EmotionValues | undefined;
  /** @default {1e-6} */
  readonly tolerance?: number | undefined;
}

/** All that was seen from outside. Messages and replies in the order in which they were sent and read. */
export interface History {
  readonly sent: readonly SentMessage[];
  readonly replies: readonly SeenReply[];
  readonly kept: readonly KeptConversation[];
  readonly emotions?: readonly EmotionPassage[] | undefined;
}

/** What is wrong with a history. `strange`: a message or an answer where it does not belong. */
export type HistoryFindingKind = "lost" | "doubled" | "reordered" | "strange" | "discontinuous";

/** One thing that is wrong with a history. */
export interface HistoryFinding {
  readonly kind: HistoryFindingKind;
  readonly sentence: string;
  readonly user?: string | undefined;
  readonly platform?: string | undefined;
  /** Messages that it is about. */
  readonly ids: readonly string[];
}

/** What a history shows. */
export interface HistoryVerdict {
  /** `not-enough-evidence` where nothing was acknowledged, or nothing was read back. */
  readonly outcome: "intact" | "defect" | "not-enough-evidence";
  readonly findings: readonly HistoryFinding[];
  /** What was looked at. */
  readonly acknowledged: number;
  readonly readBack: number;
  readonly passages: number;
}

/**
 * Whether a companion kept its word: no acknowledged message lost, none answered or remembered twice, each user's
 * messages in the order in which they were sent, and emotions that went nowhere by themselves.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkHistory } from "demi-health/stability";
 *
 * const ada = { user: "ada", platform: "android" };
 * const { outcome, findings } = checkHistory({
 *   sent: [{ id: "hello", ...ada, acknowledgedAt: 1 }, { id: "and?", ...ada, acknowledgedAt: 2 }],
 *   replies: [{ to: "hello", ...ada }, { to: "and?", ...ada }],
 *   kept: [{ ...ada, entries: [{ id: "hello", by: "user" }, { id: "hello", by: "companion" }] }],
 * });
 * assert.equal(outcome, "defect");
 * assert.match(findings[0]!.sentence, /1 of 2 messages of ada on android that were answered are lost/);
 * ```
 */
export function checkHistory(history: History): HistoryVerdict {
  const { sent, replies, kept, emotions = [] } = history;
  const known = new Map(sent.map((message) => [message.id, message]));
  const findings = [
    ...kept.flatMap((conversation) => checkConversation(conversation, sent, known)),
    ...checkReplies(replies, known),
    ...emotions.flatMap(checkPassage),
  ];
  const acknowledged = sent.filter(isAcknowledged).length;
  const readBack = kept.reduce((sum, { entries }) => sum + entries.length, 0);
  const counts = { acknowledged, readBack, passages: emotions.length };
  if (findings.length > 0) return { outcome: "defect", findings, ...counts };
  const isKnown = acknowledged > 0 && kept.length > 0;
  return { outcome: isKnown ? "intact" : "not-enough-evidence", findings, ...counts };
}

function isAcknowledged({ acknowledgedAt }: SentMessage): boolean {
  return acknowledgedAt !== undefined;
}

type Known = ReadonlyMap<string, SentMessage>;

function checkConversation(
  conversation: KeptConversation,
  sent: readonly SentMessage[],
  known: Known,
): readonly HistoryFinding[] {
  const { user, platform, entries, reach = Infinity } = conversation;
  const place = { user, platform };
  const mine = sent.filter((each) => each.user === user && each.platform === platform);
  const answered = mine.filter(isAcknowledged);
  const due = answered.slice(Math.max(0, answered.length - reach));
  const has = (id: string, by: string): boolean =>
    entries.some((entry) => entry.id === id && entry.by === by);
  const lost = due.filter(({ id }) => !has(id, "user"));
  const mute = due.filter(({ id }) => has(id, "user") && !has(id, "companion"));
  const strange = entries.filter(({ id }) => !mine.includes(known.get(id) as SentMessage));
  const whose = `of ${user} on ${platform}`;
  const rule = `of ${due.length} messages ${whose} that were answered`;
  return [
    ...finding("lost", place, idsOf(lost), (n) => `${n} ${rule} are lost`),
    ...finding("lost", place, idsOf(mute), (n) => `${n} ${rule} are there, but not their answers`),
    ...finding("strange", place, idsOf(strange), (n) => {
      return `the history ${whose} has ${n} entries that were never said there`;
    }),
    ...finding("doubled", place, findRepeated(entries), (n) => {
      return `the history ${whose} has ${n} entries more than once`;
    }),
    ...checkOrder(place, entries, mine),
  ];
}

/** The first pair of neighbours that stands the wrong way round. */
function checkOrder(
  place: { readonly user: string; readonly platform: string },
  entries: KeptConversation["entries"],
  mine: readonly SentMessage[],
): readonly HistoryFinding[] {
  const position = new Map(mine.map(({ id }, index) => [id, index]));
  const rank = ({ id, by }: KeptConversation["entries"][number]): number =>
    2 * position.get(id)! + (by === "user" ? 0 : 1);
  const ranked = entries.filter(({ id }) => position.has(id));
  const at = ranked.findIndex((entry, i) => i > 0 && rank(entry) < rank(ranked[i - 1]!));
  if (at < 0) return [];
  const name = ({ id, by }: (typeof ranked)[number]): string =>
    by === "user" ? `message ${id}` : `the answer to ${id}`;
  const [first, second] = [ranked[at - 1]!, ranked[at]!];
  const ids = [first.id, second.id];
  return finding("reordered", place, ids, () => {
    const { user, platform } = place;
    return `the history of ${user} on ${platform} is out of order: ${name(second)} stands after ${name(first)}`;
  });
}

function checkReplies(replies: readonly SeenReply[], known: Known): readonly HistoryFinding[] {
  const strays = replies.filter(({ to, user, platform }) => {
    const message = known.get(to);
    return message?.user !== user || message.platform !== platform;
  });
  const owners = new Map(replies.map((reply) => [`${reply.user}\u0000${reply.platform}`, reply]));
  return [
    ...[...owners.values()].flatMap(({ user, platform }) => {
      const mine = replies.filter((each) => each.user === user && each.platform === platform);
      const counts = Map.groupBy(mine, ({ to }) => to);
      const twice = [...counts].filter(([, all]) => all.length > 1);
      return finding(
        "doubled",
        { user, platform },
        twice.map(([id]) => id),
        (n) => {
          const most = Math.max(...twice.map(([, all]) => all.length));
          return `${n} messages of ${user} on ${platform} were answered more than once, up to ${most} times`;
        },
      );
    }),
    ...strays.flatMap(({ to, user, platform }) => {
      return finding("strange", { user, platform }, [to], () => {
        return `${user} on ${platform} was given an answer that belongs to somebody else`;
      });
    }),
  ];
}

function checkPassage(passage: EmotionPassage): readonly HistoryFinding[] {
  const { where, before, after, min = before, max = before, tolerance = 1e-6 } = passage;
  const wrong = EMOTION_NAMES.filter(
    (name) => !(after[name] >= min[name] - tolerance && after[name] <= max[name] + tolerance),
  );
  const each = wrong.map((name) => {
    const [low, high] = [format(min[name]), format(max[name])];
    const due = low === high ? low : `${low} … ${high}`;
    return `${name} went from ${format(before[name])} to ${format(after[name])}, and must be ${due}`;
  });
  return finding("discontinuous", {}, [], () => `emotions ${where}: ${each.join("; ")}`, wrong.length);
}

function finding(
  kind: HistoryFindingKind,
  place: { readonly user?: string; readonly platform?: string },
  ids: readonly string[],
  say: (count: number) => string,
  count: number = ids.length,
): readonly HistoryFinding[] {
  return count === 0 ? [] : [{ kind, sentence: say(count), ...place, ids }];
}

function idsOf(entries: readonly { readonly id: string }[]): readonly string[] {
  return entries.map(({ id }) => id);
}

function findRepeated(entries: KeptConversation["entries"]): readonly string[] {
  const counts = Map.groupBy(entries, ({ id, by }) => `${by} ${id}`);
  return [...counts.values()].filter((all) => all.length > 1).map(([first]) => first!.id);
}

function format(value: number): string {
  return Number.isFinite(value) ? value.toFixed(6).replace(/0{1,4}$/, "") : String(value);
}
