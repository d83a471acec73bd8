import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  formatBytes,
  formatDuration,
  formatRatio,
  formatSeconds,
  formatTime,
  formatValue,
  NO_DATA,
} from "../../components/_format.ts";
import { labelOfKey, parseMetricKeys, unitOfKey } from "../../components/_metric_key.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

// Intl joins with no-break spaces, which differ between its versions
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, " ");

suite("formats of the elements", () => {
  test("bytes, seconds and ratios are written in the reader's locale", () => {
    assert.equal(formatBytes(1_570_000_000, "en-US"), "1.57 GB");
    assert.equal(plain(formatBytes(1_570_000_000, "de-DE")), "1,57 GB");
    assert.equal(formatBytes(999_600, "en-US"), "1.00 MB");
    assert.equal(formatSeconds(2.314, "en-US"), "2.31s");
    assert.equal(formatSeconds(0.042, "en-US"), "42ms");
    assert.equal(formatRatio(0.8342, "en-US"), "83%");
    assert.equal(plain(formatRatio(0.0342, "de-DE")), "3,4 %");
  });

  test("what is not a number is no data, zero is zero", () => {
    for (const value of [undefined, null, Number.NaN, Infinity])
      assert.equal(formatValue(value, "bytes"), NO_DATA);
    assert.equal(formatValue(0, "ratio", "en-US"), "0%");
    assert.equal(formatValue(0, "seconds", "en-US"), "0s");
  });

  test("durations have two units at most", () => {
    const cases: readonly (readonly [number, string])[] = [
      [-5, "0s"],
      [900, "0s"],
      [12 * SECOND, "12s"],
      [3 * MINUTE + 20 * SECOND, "3m 20s"],
      [2 * HOUR, "2h"],
      [6 * 24 * HOUR + 23 * HOUR + 59 * MINUTE, "6d 23h"],
      [24 * HOUR + 5 * MINUTE, "1d"],
    ];
    for (const [ms, text] of cases) assert.equal(formatDuration(ms, "narrow", "en-US"), text);
    assert.equal(formatDuration(15 * MINUTE, "long", "en-US"), "15 minutes");
  });

  test("a time of another day comes with its date", () => {
    const now = Date.UTC(2026, 10, 23, 14, 2);
    assert.doesNotMatch(formatTime(now - HOUR, now, "en-GB"), /2026/);
    assert.match(formatTime(now - 48 * HOUR, now, "en-GB"), /21 Nov 2026/);
  });
});

suite("metric keys", () => {
  test("are separated by spaces outside of quotes", () => {
    assert.deepEqual(parseMetricKeys(` a_bytes  b{platform="my \\"bot\\" x",z="1"} `), [
      "a_bytes",
      `b{platform="my \\"bot\\" x",z="1"}`,
    ]);
    assert.deepEqual(parseMetricKeys(null), []);
  });

  test("tell the unit and a label", () => {
    assert.equal(unitOfKey("process_resident_memory_bytes"), "bytes");
    assert.equal(unitOfKey(`demi_platform_latency_seconds{platform="discord"}`), "seconds");
    assert.equal(unitOfKey("demi_gateway_reconnects_total"), "number");
    assert.equal(labelOfKey("process_resident_memory_bytes"), "Resident memory");
    assert.equal(
      labelOfKey(`demi_platform_latency_seconds{platform="discord"}`),
      "Platform latency (discord)",
    );
  });
});
