// The leak scorer's view of a monitor's detector, for `--seq --delay`: it is asked again and again.
import { LeakDetector } from "../../lib/memory/leak_detector.ts";
import { type Detection, detectWith } from "./leak_adapter.ts";

/** @param t Epoch milliseconds, ascending. */
export function detect(t: readonly number[], bytes: readonly number[]): Detection {
  return detectWith(new LeakDetector({ looks: "repeatedly" }), t, bytes);
}
