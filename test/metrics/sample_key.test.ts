import { suite, test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseSampleKey, sampleKey } from "../../lib/metrics/sample_key.ts";

suite("sampleKey()", () => {
  test("is the name alone without labels", () => {
    assert.equal(sampleKey("demi_up"), "demi_up");
    assert.equal(sampleKey("demi_up", {}), "demi_up");
  });

  test("sorts labels and escapes backslash, quote and line feed", () => {
    const key = sampleKey("m", { z: `C:\\DIR\\`, a: `say "hi"\n` });
    assert.equal(key, String.raw`m{a="say \"hi\"\n",z="C:\\DIR\\"}`);
  });
});

suite("parseSampleKey()", () => {
  test("gives back what sampleKey() took, whatever the values hold", () => {
    const labels = fc.dictionary(
      fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(labels, (given) => {
        const parsed = parseSampleKey(sampleKey("demi_m:x", given));
        assert.deepEqual(parsed, { name: "demi_m:x", labels: { ...given } });
      }),
    );
  });

  for (const [key, column] of [
    ["", 1],
    ["9lives", 1],
    ["m x", 2],
    ["m{", 3],
    [`m{a="1"`, 3],
    [`m{a="1",`, 9],
    [`m{a="\\x"}`, 3],
    [`m{a="1"}b`, 3],
    [`m{a="1"b="2"}`, 3],
  ] as const) {
    test(`refuses ${JSON.stringify(key)} and says where`, () => {
      assert.throws(() => parseSampleKey(key), {
        name: "SyntaxError",
        message: new RegExp(`column ${column} `),
      });
    });
  }
});
