import type { OutageOptions } from "../_outage.ts";
import type { CallLog } from "../call_log.ts";
import type { FaultSchedule } from "../faults/fault_schedule.ts";
import type { InjectedFault } from "../faults/fault_injector.ts";
import type { ViolationLog } from "../violations.ts";
import type { MockVoiceOptions } from "./voice_options.ts";

/** Contract, to be built. */
export declare class MockVoiceServer implements AsyncDisposable {
  static listen(options?: MockVoiceOptions): Promise<MockVoiceServer>;
  readonly url: string;
  readonly token: string;
  readonly calls: CallLog<{ readonly path: string }>;
  readonly violations: ViolationLog;
  readonly connectedSessions: number;
  readonly isDown: boolean;
  whenConnected(options?: { timeoutMs?: number; signal?: AbortSignal | undefined }): Promise<void>;
  say(user: string, text: string): { readonly id: string; readonly user: string };
  waitForReply(options?: {
    to?: { readonly id: string };
    timeoutMs?: number;
    signal?: AbortSignal | undefined;
  }): Promise<{ readonly text: string }>;
  outage(durationMs: number, options?: OutageOptions): Promise<void>;
  endOutage(): void;
  injectFault(fault: { readonly kind: string }, schedule?: FaultSchedule): InjectedFault;
  [Symbol.asyncDispose](): Promise<void>;
}
