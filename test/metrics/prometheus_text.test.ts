import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { formatPrometheusText } from "../../lib/metrics/prometheus_text.ts";
import { MetricsRegistry } from "../../lib/metrics/registry.ts";

suite("formatPrometheusText()", () => {
  // The example of https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-example, without its time
  // stamps (which are for federation) and its summary; labels are in alphabetical order here.
  test("writes the example of Prometheus's documentation", () => {
    const registry = new MetricsRegistry();
    const requests = registry.counter({
      name: "http_requests_total",
      help: "The total number of HTTP requests.",
      labels: ["method", "code"],
    });
    requests.bind({ method: "post", code: "200" }).inc(1027);
    requests.bind({ method: "post", code: "400" }).inc(3);
    const escaping = registry.gauge({
      name: "msdos_file_access_time_seconds",
      help: "Escaping in label values.",
      labels: ["path", "error"],
    });
    escaping.bind({ path: "C:\\DIR\\FILE.TXT", error: 'Cannot find file:\n"FILE.TXT"' }).set(1.458255915e9);
    registry
      .gauge({ name: "metric_without_timestamp_and_labels", help: "Minimalistic line." })
      .bind()
      .set(12.47);
    registry
      .gauge({ name: "something_weird", help: "A metric with a \\ and a\nnew line.", labels: ["problem"] })
      .bind({ problem: "division by zero" })
      .set(Infinity);
    const duration = registry
      .histogram({ name: "http_request_duration_seconds", help: "A histogram.", buckets: [0.05, 0.1, 1] })
      .bind();
    for (const seconds of [0.03, 0.03, 0.0625, 0.5, 2]) duration.observe(seconds);

    assert.equal(
      formatPrometheusText(registry),
      String.raw`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{code="200",method="post"} 1027
http_requests_total{code="400",method="post"} 3
# HELP msdos_file_access_time_seconds Escaping in label values.
# TYPE msdos_file_access_time_seconds gauge
msdos_file_access_time_seconds{error="Cannot find file:\n\"FILE.TXT\"",path="C:\\DIR\\FILE.TXT"} 1458255915
# HELP metric_without_timestamp_and_labels Minimalistic line.
# TYPE metric_without_timestamp_and_labels gauge
metric_without_timestamp_and_labels 12.47
# HELP something_weird A metric with a \\ and a\nnew line.
# TYPE something_weird gauge
something_weird{problem="division by zero"} +Inf
# HELP http_request_duration_seconds A histogram.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 2
http_request_duration_seconds_bucket{le="0.1"} 3
http_request_duration_seconds_bucket{le="1"} 4
http_request_duration_seconds_bucket{le="+Inf"} 5
http_request_duration_seconds_sum 2.6225
http_request_duration_seconds_count 5
`,
    );
  });

  test("runs the collectors, unless told not to", () => {
    const registry = new MetricsRegistry();
    const gauge = registry.gauge({ name: "t_x", help: "x" }).bind();
    registry.addCollector({ collect: () => gauge.inc() });
    assert.match(formatPrometheusText(registry), /^t_x 1$/m);
    assert.match(formatPrometheusText(registry, { collect: false }), /^t_x 1$/m);
  });
});
