import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { Dashboard } from "../../lib/server/dashboard.ts";
import { startWatchedMonitor } from "../metrics/_watched_monitor.ts";
import { missingPrometheus, RealPrometheus } from "./_real_prometheus.ts";

interface Targets {
  readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[];
}

interface Vector {
  readonly result: readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];
}

interface Metadata {
  readonly [name: string]: readonly { readonly type: string; readonly unit: string; readonly help: string }[];
}

interface ExemplarSeries {
  readonly seriesLabels: Record<string, string>;
  readonly exemplars: readonly {
    readonly labels: Record<string, string>;
    readonly value: string;
    readonly timestamp: number;
  }[];
}

suite("a real Prometheus", { skip: missingPrometheus ?? false, timeout: 120_000 }, () => {
  test("scrapes a companion as OpenMetrics: values, units and exemplars", async () => {
    await using monitor = await startWatchedMonitor();
    const sizes = monitor.registry.histogram({
      name: "t_reply_seconds",
      help: 'Time to a "reply",\nwith a \\ in it',
      labels: ["platform"],
      buckets: [0.5, 1, 2],
    });
    const timestamp = Date.now();
    // no quotes in it: Prometheus 2.42 does not unescape an exemplar's labels
    const trace = { labels: { trace_id: "4bf92f35" }, timestamp };
    sizes.bind({ platform: 'dis"c\\ord' }).observe(0.7, trace);
    monitor.registry.counter({ name: "t_replies_total", help: "Replies" }).bind().inc(3, { labels: {} });
    await using dashboard = new Dashboard({ source: monitor, port: 0 });
    await dashboard.start();
    await using prometheus = await RealPrometheus.start(new URL(dashboard.url!).host);
    const { activeTargets } = await prometheus.until<Targets>("targets", ({ activeTargets: all }) =>
      all.some(({ health }) => health !== "unknown"),
    );
    assert.deepEqual(
      activeTargets.map(({ health, lastError }) => [health, lastError]),
      [["up", ""]],
    );
    const query = (text: string): Promise<Vector> =>
      prometheus.until<Vector>(`query?query=${encodeURIComponent(text)}`, ({ result }) => result.length > 0);
    const [bucket] = (await query('t_reply_seconds_bucket{le="1.0"}')).result;
    assert.deepEqual([bucket?.metric["platform"], bucket?.value[1]], ['dis"c\\ord', "1"]);
    assert.equal((await query("t_replies_total")).result[0]?.value[1], "3");
    const metadata = await prometheus.until<Metadata>("metadata", (data) => "t_reply_seconds" in data);
    assert.deepEqual(metadata["t_reply_seconds"], [
      { type: "histogram", unit: "seconds", help: 'Time to a "reply",\nwith a \\ in it' },
    ]);
    const [found] = await prometheus.until<ExemplarSeries[]>(
      `query_exemplars?query=t_reply_seconds_bucket&start=${timestamp / 1000 - 60}&end=${timestamp / 1000 + 60}`,
      ({ length }) => length > 0,
    );
    const [exemplar] = found?.exemplars ?? [];
    assert.deepEqual([exemplar?.labels, exemplar?.value], [trace.labels, "0.7"]);
    assert.ok(Math.abs((exemplar?.timestamp ?? 0) * 1000 - timestamp) < 1, String(exemplar?.timestamp));
    // every sample that was exposed is there
    const text = monitor.openMetrics();
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const [{ value: [, count] } = assert.fail()] = (
      await query('count({job="demi",__name__!~"up|scrape_.*"})')
    ).result;
    assert.equal(Number(count), lines.length);
  });
});
