import type { Clock } from "../../base/clock.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { FaultLog } from "../faults/fault_log.ts";

/** Options of `MockVoiceServer.listen`. */
export interface MockVoiceOptions {
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  port?: number | undefined;
  /** Time of speech, recognition and outages. @default {systemClock} */
  clock?: Clock | undefined;
  /** Source of jitter. @default {new SeededRandom("voice")} */
  random?: SeededRandom | undefined;
  /** The only token that is let in. @default a made-up one */
  token?: string | undefined;
  /** Where faults that strike are noted. @default a log of its own */
  faultLog?: FaultLog | undefined;
  /** Real milliseconds that an utterance which is not answered holds a virtual clock. @default {5000} */
  replyPatienceMs?: number | undefined;
  /** Told of a defect of the mock itself; the client gets a 500. @default {console.error} */
  onError?: ((error: unknown) => void) | undefined;
}
