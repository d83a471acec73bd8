import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { type EmotionalState, mapEmotions } from "../../../lib/emotion/emotional_state.ts";
import { demiAgeing, type QuietTime, roughAgeing } from "../../../lib/stability/recovery/ageing_model.ts";

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const BEFORE: EmotionalState = {
  ...mapEmotions(() => 0.5),
  excitement: 0.9,
  momentum: mapEmotions((name) => (name === "excitement" ? 0.4 : 0)),
  lastUpdated: START,
};

/** A quiet time from the last thing that was said on; what it became is not asked of the models. */
function quiet(minutes: number, lastUpdatedMinutes: number, rest: Partial<QuietTime> = {}): QuietTime {
  const after = { ...BEFORE, lastUpdated: START + lastUpdatedMinutes * MINUTE };
  const times = { fromMs: START, toMs: START + minutes * MINUTE, lastInteractionMs: START };
  return { before: BEFORE, after, ...times, ...rest };
}

suite("demiAgeing", () => {
  test("within a tick nothing changes", () => {
    const { min, max, momentum } = demiAgeing(quiet(4, 0));
    assert.equal(min.excitement, 0.9);
    assert.equal(max.excitement, 0.9);
    assert.equal(momentum?.excitement, 0.4);
  });

  test("one idle tick: half the decay above 0.8, and the drift of five idle minutes", () => {
    const { min } = demiAgeing(quiet(6, 5));
    const growth = 1 + 2 * (5 / 720);
    assert.ok(Math.abs(min.excitement - (0.9 - 0.03 * 0.8 - 0.02 * growth)) < 1e-12);
    assert.ok(Math.abs(min.loneliness - (0.5 + 0.01 * growth)) < 1e-12);
    assert.ok(Math.abs(min.jealousy - (0.5 - 0.03 * 0.4)) < 1e-12);
  });

  test("an hour halves momentum", () => {
    const { momentum } = demiAgeing(quiet(60, 60));
    assert.ok(Math.abs(momentum!.excitement - 0.2) < 1e-12);
  });

  test("ticks come on the grid that the state tells", () => {
    const one = demiAgeing(quiet(6, 2)).min; // at 2 minutes, the next at 7
    const two = demiAgeing(quiet(8, 7)).min; // at 2 and at 7
    assert.ok(one.jealousy > two.jealousy);
    assert.ok(Math.abs(one.jealousy - (0.5 - 0.03 * 0.4)) < 1e-12);
  });

  test("one that claims not to have changed for hours had to", () => {
    assert.ok(demiAgeing(quiet(120, 0)).max.jealousy < 0.4);
  });

  test("one that fell behind its grid had to go on", () => {
    const behind = demiAgeing(quiet(61, 30)).min;
    assert.ok(Math.abs(behind.jealousy - demiAgeing(quiet(60, 60)).min.jealousy) < 1e-12);
  });

  test("a clock that went back ages nobody", () => {
    const { min } = demiAgeing(quiet(-300, 0));
    assert.equal(min.jealousy, 0.5);
  });

  test("off, every tick is idle", () => {
    const early = { lastInteractionMs: START };
    const awake = demiAgeing(quiet(3, 2, early)).min;
    const off = demiAgeing(quiet(3, 2, { ...early, offUntilMs: START + 3 * MINUTE })).min;
    assert.ok(awake.loneliness < 0.5 && off.loneliness > 0.5);
  });
});

suite("roughAgeing", () => {
  test("a state that says it has not changed must not have", () => {
    const { min, max } = roughAgeing(quiet(2, 0));
    assert.equal(min.excitement, 0.9);
    assert.equal(max.excitement, 0.9);
  });

  test("holds what demiAgeing says, over hours and days", () => {
    for (const hours of [1, 5, 30, 96]) {
      const time = quiet(hours * 60, hours * 60, { offUntilMs: START + hours * 60 * MINUTE });
      const [exact, rough] = [demiAgeing(time).min, roughAgeing(time)];
      mapEmotions((name) => {
        assert.ok(
          exact[name] >= rough.min[name] && exact[name] <= rough.max[name],
          `${name} after ${hours} h`,
        );
        return 0;
      });
    }
  });
});
