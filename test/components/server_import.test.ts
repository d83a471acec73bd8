import { suite, test } from "node:test";
import assert from "node:assert/strict";

suite("components on a server", () => {
  test("can be imported where there is no document", async () => {
    assert.equal("document" in globalThis, false);
    const elements = await import("../../components/mod.ts");
    assert.deepEqual(Object.keys(elements), [
      "DemiAlertList",
      "DemiEmotionRadar",
      "DemiHealthPanel",
      "DemiLeakVerdict",
      "DemiMetricChart",
      "DemiPlatformGrid",
      "DemiRunProgress",
    ]);
  });
});
