// This module is browser-safe.
import type { EmotionFindingKind } from "./emotion_finding.ts";
import type { EmotionMonitorSettings } from "./emotion_monitor_options.ts";
import type { EmotionCheckStatus } from "./emotion_report.ts";

/** Which checks look, at these settings and after so many looks. */
export function listChecks(
  { profile, trainingSamples, causesAreTold }: EmotionMonitorSettings,
  observations: number,
): readonly EmotionCheckStatus[] {
  const on = (kind: EmotionFindingKind, why = "looks at every state"): EmotionCheckStatus => ({
    kind,
    state: "on",
    why,
  });
  const off = (kind: EmotionFindingKind, why: string): EmotionCheckStatus => ({ kind, state: "off", why });
  const always = [
    on("not-a-number"),
    on("out-of-bounds"),
    on("floor-broken"),
    on("platforms-disagree", "needs looks that name their platform"),
  ];
  if (!profile.decay) {
    const why = "the profile has no decay model";
    const left = trainingSamples + 1 - observations;
    const learned = (kind: EmotionFindingKind): EmotionCheckStatus =>
      left > 0
        ? { kind, state: "learning", why: `needs ${left} more looks` }
        : on(kind, "looks at levels, learned from this source");
    return [
      ...always,
      learned("drift"),
      learned("oscillation"),
      ...MODEL_KINDS.map((kind) => off(kind, why)),
    ];
  }
  const told = causesAreTold
    ? "causes are told"
    : "causes are not always told: sees what no interaction can have done";
  const momentum =
    profile.decay.momentumHalfLifeMs === undefined
      ? off("momentum-lost", "the profile's decay model has no momentum")
      : on(
          "momentum-lost",
          `needs states with momentum${causesAreTold ? "" : ", and looks whose cause is told"}`,
        );
  const frozen =
    profile.stateTime === "last-change"
      ? on("frozen-source", "needs states with lastUpdated")
      : off("frozen-source", "the profile says that a state's time is when it was read");
  const rest = MODEL_KINDS.filter((kind) => kind !== "momentum-lost" && kind !== "frozen-source");
  return [
    ...always,
    on("drift", "sums what single steps leave over"),
    on("oscillation", told),
    momentum,
    frozen,
    ...rest.map((kind) => on(kind, told)),
  ];
}

const MODEL_KINDS: readonly EmotionFindingKind[] = [
  "jump",
  "change-without-cause",
  "reaction-off-model",
  "stuck",
  "frozen-source",
  "decay-off-model",
  "momentum-lost",
  "older-state",
  "foreign-state",
];
