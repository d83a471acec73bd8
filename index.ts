/**
 * demi-health: will your AI companion stay up seven days, below 10 GB, with its emotional state intact, while its
 * platforms fail? The public API of the host side.
 *
 * @module
 */
export { AlertEngine } from "./lib/alerts/alert_engine.ts";
export { backtest } from "./lib/alerts/backtest.ts";
export { defaultAlertRules } from "./lib/alerts/default_rules.ts";
export { AlertNotifier } from "./lib/alerts/notifier.ts";
export { EmotionMonitor } from "./lib/emotion/emotion_monitor.ts";
export type { EmotionMonitorOptions } from "./lib/emotion/emotion_monitor_options.ts";
export { DEMI_PROFILE, type EmotionProfile } from "./lib/emotion/emotion_profile.ts";
export { HealthFeed } from "./lib/feed/health_feed.ts";
export { describeScenarios } from "./lib/harness/describe_scenarios.ts";
export { IntegrationTestHarness } from "./lib/harness/integration_test_harness.ts";
export { LoadGenerator } from "./lib/harness/load/load_generator.ts";
export { ProcessCompanion, processCompanion } from "./lib/harness/process_companion.ts";
export { testEnvironment } from "./lib/harness/test_environment.ts";
export { HealthMonitor, type HealthMonitorOptions } from "./lib/health_monitor.ts";
export { MetricsRegistry } from "./lib/metrics/registry.ts";
export { LeakDetector, type LeakDetectorOptions } from "./lib/memory/leak_detector.ts";
export { MemoryProfiler, type MemoryProfilerOptions } from "./lib/memory/memory_profiler.ts";
export { ObjectTracker, type ObjectTrackerOptions } from "./lib/memory/object_tracker.ts";
export { MockAndroidClient } from "./lib/mocks/android/mock_android_client.ts";
export { MockDiscordServer } from "./lib/mocks/discord/mock_discord_server.ts";
export { FaultProxy } from "./lib/mocks/faults/fault_proxy.ts";
export { MockOllamaServer } from "./lib/mocks/ollama/mock_ollama_server.ts";
export { MockVoiceServer } from "./lib/mocks/voice/mock_voice_server.ts";
export { Dashboard, type DashboardOptions } from "./lib/server/dashboard.ts";
export { checkHistory } from "./lib/stability/history_checker.ts";
export { LongRunningStabilityTest, RunDirectoryError } from "./lib/stability/long_running_stability_test.ts";
export type { StabilityTestOptions } from "./lib/stability/stability_options.ts";
export type { StabilityResults } from "./lib/stability/stability_results.ts";
export { RecoveryTest, type RecoveryTestOptions } from "./lib/stability/recovery/recovery_test.ts";
export { MetricsStore } from "./lib/store/metrics_store.ts";
export { PrometheusSource } from "./lib/store/prometheus_source.ts";
