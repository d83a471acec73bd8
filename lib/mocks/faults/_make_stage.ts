import {
  breakJson,
  cutLine,
  dribbledBody,
  duplicate,
  garbage,
  malformedChunk,
  stall,
} from "./_byte_stages.ts";
import type { Stage } from "./_stage.ts";
import {
  bandwidth,
  latency,
  limitData,
  rate,
  resetPeer,
  slicer,
  slowClose,
  timeout,
} from "./_toxiproxy_stages.ts";
import type { Toxic } from "./toxics.ts";

/** A stage for `toxic`, with memory of its own. */
export function makeStage(toxic: Toxic): Stage {
  switch (toxic.kind) {
    case "latency":
      return latency(toxic.latencyMs, toxic.jitterMs ?? 0);
    case "bandwidth":
      return bandwidth(toxic.kilobytesPerSecond);
    case "slow_close":
      return slowClose(toxic.delayMs);
    case "timeout":
      return timeout(toxic.timeoutMs);
    case "reset_peer":
      return resetPeer(toxic.timeoutMs);
    case "slicer":
      return slicer(toxic.averageBytes, toxic.variationBytes ?? 0, (toxic.delayMicroseconds ?? 0) / 1000);
    case "limit_data":
      return limitData(toxic.bytes, "end");
    case "cut":
      return limitData(toxic.bytes, toxic.by ?? "end");
    case "stall":
      return stall(toxic.bytes);
    case "slow_drip":
      return rate(toxic.bytesPerSecond, 1);
    case "dribbled_body":
      return dribbledBody(toxic.bytesPerSecond);
    case "duplicate":
      return duplicate(toxic.afterBytes ?? 0, toxic.bytes);
    case "cut_line":
      return cutLine(toxic.lines, toxic.by ?? "end");
    case "break_json":
      return breakJson(toxic.nth ?? 1);
    case "garbage":
      return garbage(toxic.bytes);
    case "malformed_chunk":
      return malformedChunk();
  }
}
