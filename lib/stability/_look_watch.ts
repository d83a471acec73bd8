import { isPlatformUp } from "../base/platform_health.ts";
import { EMOTION_NAMES, type EmotionalState } from "../emotion/emotional_state.ts";
import { askSoon, connectApps, lookAtHealth } from "./_fault_runner.ts";
import type { RunContext } from "./_run_context.ts";
import { describeFault } from "./stability_faults.ts";
import type { StabilityMoment } from "./stability_options.ts";

// Never a moment at which a companion's own minute, hour or five minutes are over: what comes first would be chance.
const SAMPLE_PHASE = 0.47;
const LOOKS_UNTIL_DEAD = 3;
const STARTS_TRIED = 3;
const START_PAUSE_MS = 60_000;
const ROUNDING = 1e6;

/** Looks at the companion at fixed times, and starts it again where it is dead. */
export class LookWatch {
  /** Whether a look is under way. */
  isLooking = false;
  lastRssBytes: number | undefined;
  readonly #run: RunContext;
  readonly #onLook: () => void;
  #samples: number;
  #failedLooks = 0;
  #lastUpMs = -Infinity;

  /** @param onLook Called after each look. */
  constructor(run: RunContext, onLook: () => void) {
    this.#run = run;
    this.#onLook = onLook;
    this.#samples = run.parts.from?.samples ?? 0;
  }

  /** Looks that were due so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Looks until the run is over. */
  async run(): Promise<void> {
    const { sampleMs, durationMs } = this.#run.parts.settings;
    for (;;) {
      const atMs = (this.#samples + SAMPLE_PHASE) * sampleMs;
      if (atMs >= durationMs) return;
      await this.#run.sleepUntil(atMs);
      this.#samples = Math.max(this.#samples + 1, Math.ceil(this.#run.elapsedMs / sampleMs - SAMPLE_PHASE));
      this.#run.noteTime();
      if (this.#run.disturbances.isOff(this.#run.elapsedMs)) continue;
      this.isLooking = true;
      try {
        await this.#lookOnce();
      } finally {
        this.isLooking = false;
      }
      this.#onLook();
    }
  }

  async #lookOnce(): Promise<void> {
    const { env } = this.#run;
    const { sampleMs } = this.#run.parts.settings;
    const atMs = this.#run.elapsedMs;
    const emotions = await askSoon(env, () => env.emotions());
    const health = await lookAtHealth(env);
    const memory = await this.#run.memory.take(atMs);
    const isUp = emotions !== undefined && health !== undefined;
    this.#run.counters[isUp ? "upMs" : "downMs"] += sampleMs;
    if (memory) {
      this.#run.counters.memoryLooks++;
      this.lastRssBytes = memory.rssBytes;
      this.#run.counters.maxRssBytes = Math.max(this.#run.counters.maxRssBytes, memory.rssBytes);
    }
    if (emotions) this.#noteEmotions(emotions, atMs);
    this.#run.ledger.add({
      atMs,
      stream: "emotions",
      sequence: this.#samples,
      data: emotions ? EMOTION_NAMES.map((name) => Math.round(emotions[name] * ROUNDING) / ROUNDING) : null,
    });
    this.#run.write({
      kind: "look",
      atMs,
      ...(emotions && { emotions: EMOTION_NAMES.map((name) => Math.round(emotions[name] * 1e4) / 1e4) }),
      ...(health && { up: health.filter(({ status }) => isPlatformUp(status)).map(({ name }) => name) }),
      ...(memory && { memory }),
    });
    const moment: StabilityMoment = {
      atMs,
      timestamp: env.clock.now(),
      emotions,
      health,
      memory,
      faults: this.#run.faultsNow,
      platforms: env.platforms,
    };
    this.#noteAlerts(moment);
    this.#run.properties.always("the companion answers a look", isUp);
    await this.#run.parts.check?.(moment, this.#run.properties);
    this.#checkHope();
    if (isUp) this.#lastUpMs = atMs;
    if (isUp) this.#failedLooks = 0;
    else if (++this.#failedLooks >= LOOKS_UNTIL_DEAD && !this.#run.disturbances.isAny) await this.#revive();
  }

  #noteAlerts(moment: StabilityMoment): void {
    for (const { alert, previous } of this.#run.alerts.look(moment)) {
      const { id, level, state, message } = alert;
      if (state === previous || (state !== "firing" && state !== "resolved")) continue;
      this.#run.write({ kind: "alert", atMs: moment.atMs, name: id, level, state, message });
    }
  }

  #noteEmotions(emotions: EmotionalState, atMs: number): void {
    this.#run.counters.emotionLooks++;
    for (const { kind, emotion = "", message } of this.#run.emotions.look(emotions)) {
      this.#run.find("HEALTH-03", kind, message, { key: `${kind} ${emotion}` });
    }
    this.#run.properties.always(
      "emotions are within their bounds",
      EMOTION_NAMES.every((name) => emotions[name] >= 0 && emotions[name] <= 1),
      `at ${atMs} ms`,
    );
  }

  /** The companion does not answer any more: it is ended and started again, as its owner would. */
  async #revive(): Promise<void> {
    this.#run.counters.unplannedRestarts++;
    this.#failedLooks = 0;
    const told = this.#run.env.logLines.at(-1)?.slice(0, 200);
    const last = this.#run.disturbances.lastOn(undefined, this.#run.elapsedMs);
    const isCause = last && this.#lastUpMs < last.sinceMs;
    this.#run.find(
      "HEALTH-01",
      "died",
      `The companion must answer, got nothing for ${LOOKS_UNTIL_DEAD} looks${isCause ? `, and nothing since ${describeFault(last.fault)}` : ""}${told ? `; it wrote last: ${told}` : ""}`,
      { key: "died" },
    );
    await this.#run.env.crash();
    if (await this.startAgain()) await connectApps(this.#run.env, this.#run.parts.load.users);
  }

  async startAgain(): Promise<boolean> {
    for (let attempt = 1; attempt <= STARTS_TRIED; attempt++) {
      try {
        if (this.#run.env.isRunning) return true;
        await this.#run.env.start();
        this.#run.emotions.restarted();
        return true;
      } catch (error) {
        const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
        this.#run.find("HEALTH-01", "not-started", `The companion must start again, got ${reason}`, {
          key: "start",
        });
        await this.#run.env.clock.sleep(START_PAUSE_MS, { signal: this.#run.signal });
      }
    }
    this.#run.giveUp();
    return false;
  }

  #checkHope(): void {
    if (this.#run.thresholds.some(({ isHopeless }) => isHopeless)) this.#run.giveUp();
  }
}
