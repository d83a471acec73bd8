import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { EMOTION_NAMES, mapEmotions } from "../../lib/emotion/emotional_state.ts";
import {
  emotionNames,
  outlinePath,
  radarAxes,
  ringPath,
  strongest,
} from "../../components/_radar_geometry.ts";

suite("radar geometry", () => {
  test("the nine axes are the nine emotions, in their order, the first one up", () => {
    const axes = radarAxes({ values: mapEmotions(() => 0.5) }, 100);
    assert.deepEqual(
      axes.map(({ name }) => name),
      [...EMOTION_NAMES],
    );
    assert.deepEqual(axes[0]?.end, { x: 0, y: -100 });
    assert.deepEqual(axes[0]?.point, { x: 0, y: -50 });
    for (const { end } of axes) assert.ok(Math.abs(Math.hypot(end.x, end.y) - 100) < 0.02);
  });

  test("a value that is missing interrupts the outline and is not drawn as zero", () => {
    const values = { ...mapEmotions(() => 1), jealousy: undefined };
    const axes = radarAxes({ values }, 100);
    assert.equal(axes[3]?.point, undefined);
    const path = outlinePath(axes);
    assert.equal(path.match(/[ML]/g)?.length, 8);
    assert.equal(path.match(/M/g)?.length, 1, "the others hang together around the gap");
    assert.doesNotMatch(path, /Z/);
    assert.ok(path.startsWith(`M${axes[4]?.point?.x} `), "the line begins behind the gap");
  });

  test("a complete outline is closed, one of nothing is empty", () => {
    assert.match(outlinePath(radarAxes({ values: mapEmotions(() => 0.2) }, 100)), /^M.*Z$/);
    assert.equal(outlinePath(radarAxes({ values: {} }, 100)), "");
    assert.match(ringPath(9, 100), /^M0 -100L.*Z$/);
  });

  test("values out of bounds are kept within the drawing, and told as they are", () => {
    const [low, high] = radarAxes({ values: { loneliness: -3, excitement: 7 } }, 100);
    assert.deepEqual(low?.point, { x: 0, y: 0 });
    assert.deepEqual(high?.point, high?.end);
    assert.equal(high?.value, 7);
  });

  test("momentum goes beyond the ring of 1, a quarter at most", () => {
    const axes = radarAxes({ values: { loneliness: 1 }, momentum: { loneliness: 0.1, excitement: 9 } }, 100);
    assert.deepEqual(axes[0]?.tip, { x: 0, y: -110 });
    const tip = axes[1]?.tip;
    assert.ok(tip && Math.abs(Math.hypot(tip.x, tip.y) - 125) < 0.02);
    assert.equal(axes[2]?.tip, undefined);
  });

  test("other companions have other emotions", () => {
    assert.deepEqual(emotionNames({ joy: 1, fear: 0 }), ["joy", "fear"]);
    assert.deepEqual(emotionNames({ joy: 1, curiosity: 0 }), [...EMOTION_NAMES, "joy"]);
    assert.equal(emotionNames({}).length, 9);
  });

  test("the strongest are the largest that are known", () => {
    const axes = radarAxes({ values: { jealousy: 0.4, affection: 0.9, curiosity: Number.NaN } }, 100);
    assert.deepEqual(
      strongest(axes).map(({ name }) => name),
      ["affection", "jealousy"],
    );
  });
});
