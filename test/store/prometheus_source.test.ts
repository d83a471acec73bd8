import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { WINDOW_FUNCTIONS } from "../../lib/metrics/window_function.ts";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { PrometheusSource } from "../../lib/store/prometheus_source.ts";
import { missingPrometheus, RealPrometheus } from "../server/_real_prometheus.ts";

const SCRAPES = 8;

suite("PrometheusSource", { skip: missingPrometheus ?? false, timeout: 120_000 }, () => {
  test("answers as a store does that has the same samples", async () => {
    const { promise: scraped, resolve } = Promise.withResolvers<void>();
    let scrapes = 0;
    const target = createServer((_, response) => {
      const n = scrapes++;
      if (scrapes > SCRAPES) resolve();
      response.setHeader("content-type", "text/plain; version=0.0.4");
      response.end(
        `gauge{p="a \\"b\\""} ${(n * 7) % 5}\ngauge{p="c"} ${n}\nwork_total ${n < 5 ? n * n : n - 5}\n`,
      );
    }).listen(0, "127.0.0.1");
    await once(target, "listening");
    const host = `127.0.0.1:${(target.address() as AddressInfo).port}`;
    await using prometheus = await RealPrometheus.start(host);
    await prometheus.until<unknown>("targets", () => true);
    await scraped;
    const source = new PrometheusSource({
      url: `${prometheus.url}/`,
      labels: { instance: host, job: "demi" },
    });
    const keys = await source.keys();
    const [key, counter] = ['gauge{p="a \\"b\\""}', "work_total"];
    assert.ok(keys.includes(key) && keys.includes(counter) && keys.includes('gauge{p="c"}'), String(keys));

    const now = Date.now();
    const all = { from: now - 60_000, to: now };
    await using store = await MetricsStore.open();
    for (const one of [key, counter, 'gauge{p="c"}']) {
      const points = await source.query({ key: one, ...all });
      assert.ok(points.length >= SCRAPES - 1, `${points.length} samples`);
      for (const [time, value] of points) store.append(time, { [one]: value });
      assert.deepEqual(points, store.query({ key: one, ...all }));
    }
    assert.deepEqual(await source.last(key, now), store.last(key));
    const bySeries = (a: { labels: { p?: string } }, b: { labels: { p?: string } }): number =>
      String(a.labels.p).localeCompare(String(b.labels.p));
    const selected = [...(await source.select("gauge", undefined, all.from, all.to))].sort(bySeries);
    assert.deepEqual(selected, store.select("gauge", undefined, all.from, all.to).sort(bySeries));

    const last = store.last(key)![0];
    for (const fn of WINDOW_FUNCTIONS) {
      for (const one of [key, counter]) {
        const query = { key: one, fn, from: last - 5500, to: last + 300, quantile: 0.8, aheadMs: 60_000 };
        const [theirs, own] = [await source.evaluate(query), store.evaluate(query)];
        assert.ok(Math.abs(theirs! - own!) <= 1e-9 * Math.max(1, Math.abs(own!)), `${fn}: ${theirs}, ${own}`);
      }
    }
    // its times are whole milliseconds of the steps that it was asked for
    const range = {
      key: counter,
      fn: "rate",
      from: last - 4000,
      to: last,
      stepMs: 1000,
      windowMs: 3000,
    } as const;
    const [theirs, own] = [await source.evaluateRange(range), store.evaluateRange(range)];
    assert.deepEqual(
      theirs.map(([time]) => time),
      own.map(([time]) => time),
    );
    for (const [i, [, value]] of theirs.entries()) {
      assert.ok(Math.abs((value ?? 0) - (own[i]![1] ?? 0)) < 1e-9, `${value}, ${own[i]![1]}`);
    }
    const { points } = await source.history({ key, from: last - 5000, to: last, points: 4 });
    const values = new Set(points.map(([, value]) => value));
    assert.ok(points.length <= 4 && values.has(0) && values.has(4), JSON.stringify(points));

    await assert.rejects(source.query({ key: "up", from: now, to: NaN }), {
      name: "PrometheusError",
      status: 400,
    });
    target.closeAllConnections();
    target.close();
    const nobody = new PrometheusSource({ url: "http://127.0.0.1:1" });
    await assert.rejects(nobody.keys(), {
      name: "PrometheusError",
      message: "Cannot ask Prometheus: ECONNREFUSED",
    });
    assert.throws(() => new PrometheusSource({ url: "prometheus:9090" }), { name: "TypeError" });
  });
});
