import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { RecentIds } from "../../../examples/demi/recent_ids.ts";

suite("RecentIds", () => {
  test("knows an id that it has seen, and forgets the oldest beyond 1000", () => {
    const ids = new RecentIds();
    for (let i = 0; i <= 1000; i++) assert.equal(ids.add(String(i)), true);
    assert.equal(ids.add("1000"), false);
    assert.equal(ids.add("1"), false);
    assert.equal(ids.add("0"), true, "the oldest is forgotten");
  });
});
