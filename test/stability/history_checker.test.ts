import { suite, test } from "node:test";
import assert from "node:assert/strict";
import fc from "fast-check";
import { type EmotionalState, mapEmotions } from "../../lib/emotion/emotional_state.ts";
import { checkHistory, type History, type KeptConversation } from "../../lib/stability/history_checker.ts";

const ADA = { user: "ada", platform: "android" } as const;
const BOB = { user: "bob", platform: "android" } as const;
const CALM: EmotionalState = {
  ...mapEmotions(() => 0.5),
  momentum: mapEmotions(() => 0),
  lastUpdated: 0,
};

type Entry = KeptConversation["entries"][number];

/** A history in which all went well. */
function intact(ids: readonly string[] = ["a", "b", "c"]): History {
  return {
    sent: ids.map((id, at) => ({ id, ...ADA, acknowledgedAt: at })),
    replies: ids.map((to) => ({ to, ...ADA })),
    kept: [{ ...ADA, entries: ids.flatMap((id) => bothOf(id)) }],
    emotions: [{ where: "over the crash", before: CALM, after: CALM }],
  };
}

function bothOf(id: string): readonly Entry[] {
  return [
    { id, by: "user" },
    { id, by: "companion" },
  ];
}

function kept(entries: readonly Entry[]): Pick<History, "kept"> {
  return { kept: [{ ...ADA, entries }] };
}

/** The kinds and the first sentence of what is found. */
function found(history: History): readonly [string, string] {
  const { findings, outcome } = checkHistory(history);
  assert.equal(outcome, "defect");
  return [findings.map(({ kind }) => kind).join(" "), findings[0]!.sentence];
}

suite("checkHistory()", () => {
  test("finds nothing where all went well", () => {
    const { outcome, findings, ...counts } = checkHistory(intact());
    assert.deepEqual(findings, []);
    assert.equal(outcome, "intact");
    assert.deepEqual(counts, { acknowledged: 3, readBack: 6, passages: 1 });
  });

  test("says that it has no evidence where nothing was answered, or nothing read back", () => {
    const empty: History = { sent: [], replies: [], kept: [] };
    assert.equal(checkHistory(empty).outcome, "not-enough-evidence");
    assert.equal(checkHistory({ ...intact(), kept: [] }).outcome, "not-enough-evidence");
    const [first] = intact().sent;
    const unanswered = { ...intact(["a"]), sent: [{ ...first!, acknowledgedAt: undefined }] };
    assert.equal(checkHistory(unanswered).outcome, "not-enough-evidence");
  });

  test("an acknowledged message that is gone is lost", () => {
    const history = { ...intact(), ...kept([...bothOf("a"), ...bothOf("c")]) };
    assert.deepEqual(found(history), [
      "lost",
      "1 of 3 messages of ada on android that were answered are lost",
    ]);
  });

  test("so is an answer that is gone", () => {
    const history = { ...intact(), ...kept([...bothOf("a"), ...bothOf("b"), { id: "c", by: "user" }]) };
    assert.deepEqual(found(history), [
      "lost",
      "1 of 3 messages of ada on android that were answered are there, but not their answers",
    ]);
  });

  test("a message that nobody answered may be there, answered once, or not", () => {
    const { sent, ...rest } = intact();
    const late = { ...intact(), sent: [...sent, { id: "late", ...ADA }] };
    assert.equal(checkHistory(late).outcome, "intact");
    const answered = { ...late, replies: [...rest.replies, { to: "late", ...ADA }] };
    assert.equal(checkHistory(answered).outcome, "intact");
  });

  test("what a prompt has no room for is not lost", () => {
    const history: History = { ...intact(), kept: [{ ...ADA, entries: bothOf("c"), reach: 1 }] };
    assert.equal(checkHistory(history).outcome, "intact");
  });

  test("a message that is answered twice is doubled", () => {
    const { replies, ...rest } = intact();
    assert.deepEqual(found({ ...rest, replies: [...replies, replies[1]!, replies[1]!] }), [
      "doubled",
      "1 messages of ada on android were answered more than once, up to 3 times",
    ]);
  });

  test("so is one that is remembered twice", () => {
    const history = { ...intact(["a"]), ...kept([...bothOf("a"), ...bothOf("a")]) };
    assert.match(found(history).join(": "), /doubled.*has 2 entries more than once/);
  });

  test("the order of each user's messages must be kept, that of several users need not", () => {
    const swapped = { ...intact(["a", "b"]), ...kept([...bothOf("b"), ...bothOf("a")]) };
    const sentence = "the history of ada on android is out of order: message a stands after the answer to b";
    assert.deepEqual(found(swapped), ["reordered", sentence]);
    const { sent, replies, kept: conversations } = intact(["a", "b"]);
    const mixed: History = {
      sent: [sent[0]!, { id: "x", ...BOB, acknowledgedAt: 9 }, sent[1]!],
      replies: [{ to: "x", ...BOB }, ...replies],
      kept: [{ ...BOB, entries: bothOf("x") }, ...conversations],
    };
    assert.deepEqual(checkHistory(mixed).findings, []);
  });

  test("an answer before its message is out of order", () => {
    const history = { ...intact(["a"]), ...kept([...bothOf("a")].toReversed()) };
    assert.match(found(history)[1], /message a stands after the answer to a/);
  });

  test("what belongs to somebody else is strange", () => {
    const { sent, replies, kept: conversations } = intact(["a"]);
    const own = { sent: [...sent, { id: "x", ...BOB, acknowledgedAt: 1 }], kept: conversations };
    assert.match(
      found({ ...own, replies: [...replies, { to: "x", ...ADA }] })[1],
      /belongs to somebody else/,
    );
    const { kept: mixed } = kept([...bothOf("a"), ...bothOf("x")]);
    assert.match(found({ ...own, replies, kept: mixed })[1], /never said there/);
  });

  test("emotions that changed by themselves are named, with what they had to be", () => {
    const after = { ...CALM, jealousy: 0.500002 };
    const [kind, sentence] = found({ ...intact(), emotions: [{ where: "over it", before: CALM, after }] });
    assert.equal(kind, "discontinuous");
    assert.equal(sentence, "emotions over it: jealousy went from 0.50 to 0.500002, and must be 0.50");
  });

  test("emotions within what ageing makes of them are well, NaN never is", () => {
    const [min, max] = [mapEmotions(() => 0.4), mapEmotions(() => 0.6)];
    const emotions = (value: number): Pick<History, "emotions"> => {
      const after = { ...CALM, loneliness: value };
      return { emotions: [{ where: "overnight", before: CALM, after, min, max }] };
    };
    assert.equal(checkHistory({ ...intact(), ...emotions(0.6) }).outcome, "intact");
    assert.match(found({ ...intact(), ...emotions(0.61) })[1], /must be 0.40 … 0.60/);
    assert.match(found({ ...intact(), ...emotions(Number.NaN) })[1], /to NaN/);
  });

  test("whatever one thing is removed, repeated or swapped in a sound history is found", () => {
    const change = fc.record({
      count: fc.integer({ min: 1, max: 12 }),
      at: fc.nat(),
      how: fc.constantFrom("remove" as const, "repeat" as const, "swap" as const),
    });
    fc.assert(
      fc.property(change, ({ count, at, how }) => {
        const ids = Array.from({ length: count }, (_, i) => `m${i}`);
        const sound = intact(ids);
        const entries = [...sound.kept[0]!.entries];
        const i = at % entries.length;
        const j = (i + 1) % entries.length;
        if (how === "remove") entries.splice(i, 1);
        else if (how === "repeat") entries.splice(i, 0, entries[i]!);
        else [entries[i], entries[j]] = [entries[j]!, entries[i]!];
        assert.equal(checkHistory(sound).outcome, "intact");
        assert.equal(checkHistory({ ...sound, ...kept(entries) }).outcome, "defect");
      }),
    );
  });
});
