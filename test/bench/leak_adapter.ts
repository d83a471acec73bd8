// The leak scorer's view of the detector: one series, fed sample by sample.
import { LeakDetector } from "../../lib/memory/leak_detector.ts";

/** What the scorer reads. */
export interface Detection {
  readonly leak: boolean;
  readonly verdict: string;
  readonly confidence: number;
  readonly slopeBytesPerHour: number;
  readonly slopeCI: readonly [number, number];
}

/** @param t Epoch milliseconds, ascending. */
export function detect(t: readonly number[], bytes: readonly number[]): Detection {
  return detectWith(new LeakDetector(), t, bytes);
}

/** Feeds a detector sample by sample and asks it once. */
export function detectWith(
  detector: LeakDetector,
  t: readonly number[],
  bytes: readonly number[],
): Detection {
  for (let i = 0; i < t.length; i++) detector.add({ timestamp: t[i]!, postGcBytes: bytes[i]! });
  const { verdict, series } = detector.verdict();
  const { confidence = 0.5, slopeBytesPerHour } = series[0] ?? {};
  const { value = 0, low = 0, high = 0 } = slopeBytesPerHour ?? {};
  return { leak: verdict === "leak", verdict, confidence, slopeBytesPerHour: value, slopeCI: [low, high] };
}
