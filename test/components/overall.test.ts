import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { FeedAlert } from "../../lib/feed/messages.ts";
import { firingIds, groupAlerts, newlyFiring } from "../../components/_alert_groups.ts";
import { connectionText, overall } from "../../components/_overall.ts";
import { vitalsOf } from "../../components/_vitals.ts";

const NOW = Date.UTC(2026, 10, 23, 14, 2);

function alert(changes: Partial<FeedAlert>): FeedAlert {
  return {
    id: "a",
    rule: "r",
    level: "warning",
    state: "firing",
    labels: {},
    message: "Something is wrong.",
    activeAt: NOW - 60_000,
    ...changes,
  };
}

suite("overall()", () => {
  test("live and calm is well", () => {
    assert.equal(overall("live", "ok", [], NOW, NOW).tone, "ok");
  });

  test("the gravest alert is the sentence", () => {
    const alerts = [
      alert({ id: "w" }),
      alert({ id: "c", level: "critical", message: "Discord is offline." }),
    ];
    const { tone, sentence } = overall("live", "critical", alerts, NOW, NOW);
    assert.equal(tone, "critical");
    assert.equal(sentence, "Discord is offline. And 1 more.");
  });

  test("without a connection it claims nothing but what was", () => {
    for (const state of ["stale", "disconnected", "unauthorized", "connecting"] as const) {
      const { tone, sentence } = overall(state, "ok", [], NOW - 60_000, NOW, "en-GB");
      assert.equal(tone, "unknown", state);
      assert.match(sentence, /^Last seen \d\d:\d\d: well\.$/);
    }
    assert.equal(overall("disconnected", undefined, [], undefined, NOW).tone, "unknown");
  });

  test("before the first look nothing is claimed", () => {
    assert.equal(overall("live", undefined, [], NOW, NOW).tone, "unknown");
  });
});

suite("connectionText()", () => {
  test("keeps what changes each second out of the text that is spoken", () => {
    const at = (now: number): string => connectionText("stale", NOW, now, "en-GB").text;
    assert.equal(at(NOW + 12_000), at(NOW + 13_000));
    assert.equal(connectionText("stale", NOW, NOW + 12_000, "en-GB").age, "12s");
    assert.match(
      connectionText("disconnected", NOW, NOW + 12_000, "en-GB").text,
      /since \d\d:\d\d, retrying/,
    );
  });
});

suite("groupAlerts()", () => {
  test("orders by state, gravity and age, and forgets what was resolved over an hour ago", () => {
    const groups = groupAlerts(
      [
        alert({ id: "old", firedAt: NOW - 9000 }),
        alert({ id: "new", firedAt: NOW - 1000 }),
        alert({ id: "grave", level: "critical", firedAt: NOW - 99_000 }),
        alert({ id: "easing", level: "critical", state: "recovering" }),
        alert({ id: "blind", state: "no-data" }),
        alert({ id: "soon", state: "pending" }),
        alert({ id: "calm", state: "inactive" }),
        alert({ id: "past", state: "resolved", resolvedAt: NOW - 3_599_000 }),
        alert({ id: "long past", state: "resolved", resolvedAt: NOW - 3_601_000 }),
      ],
      NOW,
    );
    assert.deepEqual(
      groups.active.map(({ id }) => id),
      ["grave", "new", "old", "easing", "blind"],
    );
    assert.deepEqual(
      [...groups.pending, ...groups.resolved].map(({ id }) => id),
      ["soon", "past"],
    );
  });

  test("an alert that fires again after recovering is no news, one that resolved in between is", () => {
    const firing = [alert({ id: "x" })];
    assert.deepEqual(newlyFiring(firingIds([alert({ id: "x", state: "recovering" })]), firing), []);
    assert.deepEqual(newlyFiring(firingIds([alert({ id: "x", state: "resolved" })]), firing), firing);
  });
});

suite("vitalsOf()", () => {
  test("a value that is absent has neither number nor bar", () => {
    const [memory, use] = vitalsOf({ process_resident_memory_bytes: 0 });
    assert.equal(memory?.isKnown, true);
    assert.equal(use?.isKnown, false);
    assert.equal(use?.text, "no data");
    assert.equal(use?.share, undefined);
  });

  test("a bar changes its tone at the limits of the alert rules", () => {
    const toneAt = (ratio: number): string | undefined =>
      vitalsOf({ demi_memory_usage_ratio: ratio })[1]?.tone;
    assert.deepEqual([0.5, 0.81, 0.91, 3].map(toneAt), ["ok", "warning", "critical", "critical"]);
  });
});
