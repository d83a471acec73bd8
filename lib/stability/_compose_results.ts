import type { TestEnvironment } from "../harness/environment.ts";
import type { ResolvedOptions } from "./_resolve_options.ts";
import { judgeAll, judgeRun } from "./_run_verdict.ts";
import type { StabilityRun } from "./_stability_run.ts";
import type { StabilityResults } from "./stability_results.ts";

const FACTS_TOLD = 2;

/** The results of a run that is over, with what the mocks saw of the companion. */
export async function composeResults(
  run: StabilityRun,
  env: TestEnvironment,
  { durationMs, untilMs, seed, name }: ResolvedOptions,
): Promise<StabilityResults> {
  const { context, state } = run;
  for (const { rule, message } of (await env.verdict()).violations) {
    context.find("HEALTH-04", rule, message, { key: rule });
  }
  const leak = context.counters.memoryLooks > 0 ? context.memory.verdict() : undefined;
  if (leak?.verdict === "leak") {
    context.find("HEALTH-02", "leak", leak.evidence.slice(0, FACTS_TOLD).join(" "), { key: "leak" });
  }
  const requirements = judgeRun(context, durationMs);
  const properties = context.properties.results;
  const isIdentical = env.virtualClock !== undefined && env.companion.keepsStateInData === true;
  return {
    format: 1,
    name,
    seed,
    time: env.virtualClock ? "virtual" : "system",
    ...judgeAll(requirements, properties),
    startedAt: context.startedAt,
    elapsedMs: context.elapsedMs,
    plannedMs: untilMs,
    end: context.end,
    resumes: state.resumes,
    continuity: state.resumes === 0 ? "whole" : isIdentical ? "identical" : "continued, not identical",
    eventHash: context.ledger.hash,
    events: context.ledger.count,
    messages: context.tallies.all,
    platforms: context.tallies.byPlatform,
    recoveries: context.recoveries.toQuantiles(),
    faults: context.faultResults,
    memory: { maxRssBytes: leak && context.counters.maxRssBytes, leak },
    emotions: context.emotions.report(),
    requirements,
    thresholds: context.thresholds,
    properties,
    findings: context.findings.all,
    alerts: context.alerts.counts,
    gaps: context.gaps,
    brokenCheckpoints: state.brokenCheckpoints,
  };
}
