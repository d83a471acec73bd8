import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { EventLoopCollector } from "../../lib/metrics/event_loop_collector.ts";
import { LlmCollector } from "../../lib/metrics/llm_collector.ts";
import { readMemoryLimit } from "../../lib/metrics/memory_limit.ts";
import { PlatformCollector } from "../../lib/metrics/platform_collector.ts";
import { ProcessCollector } from "../../lib/metrics/process_collector.ts";
import { MetricsRegistry } from "../../lib/metrics/registry.ts";
import { ResponseCollector } from "../../lib/metrics/response_collector.ts";

type Values = Record<string, number>;

function valuesOf(registry: MetricsRegistry): Values {
  return Object.fromEntries(registry.collect().map(({ key, value }) => [key, value]));
}

async function withTree(files: Record<string, string>, check: (root: string) => void): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "demi-cgroup-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    check(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

suite("readMemoryLimit()", () => {
  const cases: readonly (readonly [string, Record<string, string>, number])[] = [
    ["the machine's memory without cgroups", {}, 1000],
    [
      "the limit of the cgroup",
      { "proc/self/cgroup": "0::/app\n", "sys/fs/cgroup/app/memory.max": "700\n" },
      700,
    ],
    [
      "a lower limit further up",
      {
        "proc/self/cgroup": "0::/pod/app\n",
        "sys/fs/cgroup/pod/memory.max": "500\n",
        "sys/fs/cgroup/pod/app/memory.max": "max\n",
      },
      500,
    ],
    [
      "version 1, in a container that sees the host's path",
      {
        "proc/self/cgroup": "4:cpu,cpuacct:/docker/ab\n3:memory:/docker/ab\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "600\n",
      },
      600,
    ],
    [
      "the machine's memory when version 1 says none",
      {
        "proc/self/cgroup": "3:memory:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      },
      1000,
    ],
    [
      "the machine's memory below a larger limit",
      { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "5000" },
      1000,
    ],
  ];
  for (const [what, files, expected] of cases) {
    test(`is ${what}`, () =>
      withTree(files, (root) => assert.equal(readMemoryLimit({ root, machineBytes: 1000 }), expected)));
  }

  test("is a plausible number on this machine", () => assert.ok(readMemoryLimit() > 1e6));
});

suite("ProcessCollector", () => {
  const memory = { rss: 250, heapTotal: 90, heapUsed: 60, external: 7, arrayBuffers: 3 };

  test("measures memory against the limit and CPU against all cores", async () => {
    const clock = new VirtualClock({ startMs: 100_000 });
    let cpu = { user: 2_000_000, system: 1_000_000 };
    const source = { memoryUsage: () => memory, cpuUsage: () => cpu, uptime: () => 40 };
    const registry = new MetricsRegistry();
    const options = { clock, source, readLimitBytes: () => 1000, cores: 4 };
    registry.addCollector(new ProcessCollector(registry, options));
    assert.equal("demi_cpu_usage_ratio" in valuesOf(registry), false); // no time has passed
    await clock.advance(1000);
    cpu = { user: 3_500_000, system: 1_500_000 };
    const values = valuesOf(registry);
    assert.deepEqual(values, {
      process_resident_memory_bytes: 250,
      nodejs_heap_size_used_bytes: 60,
      nodejs_heap_size_total_bytes: 90,
      nodejs_external_memory_bytes: 7,
      nodejs_array_buffers_bytes: 3,
      demi_memory_limit_bytes: 1000,
      demi_memory_usage_ratio: 0.25,
      process_cpu_seconds_total: 5,
      demi_cpu_usage_ratio: 0.5, // 2 s of CPU in 1 s on 4 cores
      process_start_time_seconds: 60,
    });
    await clock.advance(100);
    assert.equal(valuesOf(registry)["demi_cpu_usage_ratio"], 0.5); // a scrape right behind sees the same
  });

  test("reads this process", () => {
    const registry = new MetricsRegistry();
    registry.addCollector(new ProcessCollector(registry, { minWindowMs: 0 }));
    const values = valuesOf(registry);
    assert.ok(values["process_resident_memory_bytes"]! > 1e7);
    assert.ok(values["demi_memory_usage_ratio"]! > 0 && values["demi_memory_usage_ratio"]! < 1);
    assert.ok(values["demi_cpu_usage_ratio"]! >= 0 && values["demi_cpu_usage_ratio"]! <= 1);
  });
});

suite("EventLoopCollector", () => {
  test("shows a blocked loop, forgets it with the collection, and is absent with nothing measured", async () => {
    const registry = new MetricsRegistry();
    using collector = new EventLoopCollector(registry, { minWindowMs: 0 });
    registry.addCollector(collector);
    const longest = 'demi_event_loop_delay_seconds{percentile="100"}';
    assert.equal(valuesOf(registry)[longest], undefined);
    const tick = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 25));
    await tick(); // the first tick only starts the measurement
    await tick();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    let seen: number | undefined;
    for (let tries = 0; tries < 50 && !(seen !== undefined && seen > 0.2); tries++) {
      await tick();
      seen = valuesOf(registry)[longest];
    }
    assert.ok(seen !== undefined && seen > 0.2, `${seen} s`);
    collector.collect();
    assert.equal(
      registry.samples().some(({ key }) => key === longest),
      false,
    ); // nothing since
  });
});

suite("PlatformCollector", () => {
  const platform = (name: string, rest: Partial<PlatformHealth> = {}): PlatformHealth => ({
    name,
    status: "online",
    since: 0,
    ...rest,
  });

  test("shows what is reported, ages the last event, and drops what is disabled or gone", async () => {
    const clock = new VirtualClock();
    const registry = new MetricsRegistry();
    const collector = new PlatformCollector(registry, { clock });
    registry.addCollector(collector);
    const discord = { latencyMs: 96, lastEventAt: clock.now() - 2000, messages: 12, errors: 1 };
    collector.update([platform("discord", discord), platform("voice", { status: "disabled" })]);
    await clock.advance(3000);
    assert.deepEqual(valuesOf(registry), {
      'demi_platform_up{platform="discord"}': 1,
      'demi_platform_latency_seconds{platform="discord"}': 0.096,
      'demi_platform_last_event_age_seconds{platform="discord"}': 5,
      'demi_platform_messages_total{platform="discord"}': 12,
      'demi_platform_errors_total{platform="discord"}': 1,
    });
    collector.update([
      platform("discord", { status: "connecting" }),
      platform("android", { status: "degraded" }),
    ]);
    const values = valuesOf(registry);
    assert.equal(values['demi_platform_up{platform="discord"}'], 0);
    assert.equal(values['demi_platform_up{platform="android"}'], 1);
    assert.equal('demi_platform_latency_seconds{platform="discord"}' in values, false);
    collector.update([platform("discord", { status: "disabled" })]);
    assert.deepEqual(valuesOf(registry), {});
  });

  test("reports a figure that is none, and keeps the rest", () => {
    const errors: unknown[] = [];
    const registry = new MetricsRegistry({ onError: (error) => errors.push(error) });
    const collector = new PlatformCollector(registry);
    collector.update([platform("discord", { messages: -1 }), platform("android")]);
    assert.equal(errors.length, 1);
    assert.equal(valuesOf(registry)['demi_platform_up{platform="android"}'], 1);
  });
});

suite("LlmCollector", () => {
  test("counts calls, tokens and failures, and forgets the recent ones in time", async () => {
    const clock = new VirtualClock();
    const registry = new MetricsRegistry();
    const collector = new LlmCollector(registry, { clock });
    registry.addCollector(collector);
    const model = "llama3.2";
    collector.observe({
      model,
      durationMs: 2000,
      timeToFirstTokenMs: 300,
      inputTokens: 50,
      outputTokens: 20,
    });
    collector.observe({ model, durationMs: 30_000, errorType: "timeout" });
    const values = valuesOf(registry);
    assert.equal(values['demi_llm_request_duration_seconds_count{model="llama3.2"}'], 2);
    assert.equal(values['demi_llm_request_duration_seconds_bucket{le="2.56",model="llama3.2"}'], 1);
    assert.equal(values['demi_llm_time_to_first_token_seconds_sum{model="llama3.2"}'], 0.3);
    assert.equal(values['demi_llm_tokens_total{direction="input",model="llama3.2"}'], 50);
    assert.equal(values['demi_llm_tokens_total{direction="output",model="llama3.2"}'], 20);
    assert.equal(values['demi_llm_errors_total{error_type="timeout",model="llama3.2"}'], 1);
    assert.equal(values["demi_llm_response_time_p90_seconds"], 2);
    const genAi =
      'gen_ai_operation_name="chat",gen_ai_provider_name="ollama",gen_ai_request_model="llama3.2"';
    const duration = "gen_ai_client_operation_duration_seconds_sum";
    assert.equal(values[`${duration}{error_type="",${genAi}}`], 2);
    assert.equal(values[`${duration}{error_type="timeout",${genAi}}`], 30);
    assert.equal(values[`gen_ai_client_operation_time_to_first_chunk_seconds_sum{${genAi}}`], 0.3);
    assert.equal(values[`gen_ai_client_token_usage_sum{${genAi},gen_ai_token_type="input"}`], 50);
    assert.equal(values[`gen_ai_client_token_usage_sum{${genAi},gen_ai_token_type="output"}`], 20);
    await clock.advance(300_000);
    assert.equal("demi_llm_response_time_p90_seconds" in valuesOf(registry), false);
  });
});

suite("ResponseCollector", () => {
  test("gives the quantiles of the last five minutes, absent when nothing was answered", async () => {
    const clock = new VirtualClock();
    const registry = new MetricsRegistry();
    const collector = new ResponseCollector(registry, { clock });
    registry.addCollector(collector);
    assert.equal("demi_response_time_p90_seconds" in valuesOf(registry), false);
    collector.observe({ platform: "discord", responseTimeMs: 60_000, ok: true });
    await clock.advance(299_000);
    for (let i = 0; i <= 10; i++)
      collector.observe({ platform: "discord", responseTimeMs: i * 100, ok: true });
    collector.observe({ platform: "discord", responseTimeMs: 90_000, ok: false });
    await clock.advance(1000); // the first is five minutes old
    const values = valuesOf(registry);
    assert.equal(values["demi_response_time_p50_seconds"], 0.5);
    assert.equal(values["demi_response_time_p90_seconds"], 0.9);
    assert.equal(values['demi_response_time_seconds_count{platform="discord"}'], 12);
    assert.equal(values['demi_messages_total{platform="discord"}'], 13);
    assert.equal(values['demi_message_errors_total{platform="discord"}'], 1);
    await clock.advance(300_000);
    assert.equal("demi_response_time_p50_seconds" in valuesOf(registry), false);
  });

  test("keeps a bounded number of values, the newest", () => {
    const registry = new MetricsRegistry();
    const collector = new ResponseCollector(registry, { clock: new VirtualClock(), capacity: 2 });
    registry.addCollector(collector);
    for (const responseTimeMs of [9000, 1000, 2000])
      collector.observe({ platform: "a", responseTimeMs, ok: true });
    assert.equal(valuesOf(registry)["demi_response_time_p50_seconds"], 1.5);
  });

  test("reports what is no duration, and does not throw into the companion", () => {
    const errors: unknown[] = [];
    const registry = new MetricsRegistry({ onError: (error) => errors.push(error) });
    const collector = new ResponseCollector(registry);
    for (const responseTimeMs of [NaN, -1, Infinity])
      collector.observe({ platform: "a", responseTimeMs, ok: true });
    assert.equal(errors.length, 3);
    assert.equal(valuesOf(registry)['demi_collector_errors_total{collector="responses"}'], 3);
  });
});
