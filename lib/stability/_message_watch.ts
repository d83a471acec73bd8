import type { PlatformName } from "../harness/environment.ts";
import type { Arrival } from "../harness/load/load_plan.ts";
import type { LoadOutcome } from "../harness/load/load_run.ts";
import type { RunContext } from "./_run_context.ts";
import { describeFault } from "./stability_faults.ts";

const FIRST_REPLIES = 10;

/** What becomes of the messages of a run. */
export class MessageWatch {
  readonly #run: RunContext;
  /** By user and platform. */
  readonly #heldUpUntil = new Map<string, number>();
  readonly #answeredMs = new Map<PlatformName, number>();

  constructor(run: RunContext) {
    this.#run = run;
  }

  /** Whether its user could send a message now. */
  canSend({ platform, atMs }: Arrival): boolean {
    this.#run.noteTime();
    if (this.#run.gaps.some((gap) => atMs >= gap.atMs && atMs < gap.atMs + gap.durationMs)) return false;
    return (
      this.#run.env.platforms.includes(platform) &&
      !this.#run.disturbances.cutsOff(platform, this.#run.elapsedMs)
    );
  }

  note(outcome: LoadOutcome): void {
    const { kind, arrival } = outcome;
    const { sequence, platform, user, text, atMs } = arrival;
    const nowMs = this.#run.elapsedMs;
    const isExcused = kind === "failed" && this.#run.disturbances.excuses(platform, atMs, nowMs);
    const lane = `${platform} ${user}`;
    if (isExcused) this.#heldUpUntil.set(lane, nowMs);
    // who waited in vain for a reply that a fault had lost writes late, which is not the companion's doing
    const wasHeldUp = atMs < (this.#heldUpUntil.get(lane) ?? -Infinity);
    const latencyMs =
      outcome.kind !== "answered" ? 0 : wasHeldUp ? outcome.reply.responseTimeMs : outcome.latencyMs;
    if (kind === "sent") this.#run.emotions.sent();
    else if (kind !== "withheld") this.#run.emotions.over();
    this.#run.tallies.add(platform, isExcused ? "excused" : kind, latencyMs);
    const data = kind === "sent" ? [platform, user, text] : kind === "answered" ? outcome.reply.text : null;
    this.#run.ledger.add({ atMs: nowMs, stream: kind, sequence, data });
    if (kind === "sent" || kind === "withheld") return;
    if (this.#run.disturbances.isAnotherDown(platform, nowMs)) {
      if (kind === "answered") this.#run.counters.isolationAnswered++;
      else if (!isExcused) this.#run.counters.isolationFailed++;
    }
    if (kind === "answered") {
      this.#answeredMs.set(platform, nowMs);
      this.#run.alerts.addReply(latencyMs);
      this.#run.properties.sometimes(`a message is answered on ${platform}`, true);
      this.#run.write({ kind: "reply", atMs: nowMs, platform, latencyMs: Math.round(latencyMs) });
      return;
    }
    this.#run.write({ kind: "no-reply", atMs: nowMs, platform, isExcused });
    if (!isExcused) this.#noteNoReply(platform, outcome.error);
  }

  /** A platform on which nothing was answered since a fault on it is deaf by that fault. */
  #since(platform: PlatformName): string {
    const last = this.#run.disturbances.lastOn(platform, this.#run.elapsedMs);
    const answeredMs = this.#answeredMs.get(platform) ?? -Infinity;
    return last && answeredMs < last.sinceMs ? `, and none since ${describeFault(last.fault)}` : "";
  }

  #noteNoReply(platform: PlatformName, error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    const seconds = this.#run.parts.settings.replyMs / 1000;
    const what = name === "NoReplyError" ? `no reply within ${seconds} s` : `an error: ${name}`;
    const now =
      this.#run.faultsNow.length > 0 ? ` while ${this.#run.faultsNow.join(", ")}` : this.#since(platform);
    this.#run.find("HEALTH-01", "no-reply", `A message on ${platform} must be answered, got ${what}${now}`);
    const { answered, failed } = this.#run.tallies.all;
    if (answered === 0 && failed >= FIRST_REPLIES) {
      this.#run.find("HEALTH-01", "never-answered", `None of the first ${failed} messages was answered`);
      this.#run.giveUp();
    }
  }
}
