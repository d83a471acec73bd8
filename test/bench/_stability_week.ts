// One virtual week in a process of its own: node _stability_week.ts <casual|active|bare>
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Clock, ClockTimer } from "../../lib/base/clock.ts";
import { mapEmotions } from "../../lib/emotion/emotional_state.ts";
import type { Companion, CompanionEnvironment, CompanionFactory } from "../../lib/harness/companion.ts";
import { LongRunningStabilityTest } from "../../lib/stability/long_running_stability_test.ts";

/** What a week's process prints. */
export interface WeekFigures {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly messages: number;
  readonly eventHash: string;
  readonly outcome: string;
}

/** Runs a week in a process of its own, and gives what it took. */
export async function measureWeek(kind: "casual" | "active" | "bare"): Promise<WeekFigures> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), kind], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`Cannot measure a ${kind} week: its process must end with 0, got ${code}`);
  return JSON.parse(text) as WeekFigures;
}

/** Nothing but a heart that beats every five minutes: what the run itself costs. */
class BareCompanion implements Companion {
  #clock: Clock | undefined;
  #timer: ClockTimer | undefined;
  #loneliness = 0.3;

  async start({ clock }: CompanionEnvironment): Promise<void> {
    this.#clock = clock;
    this.#timer = clock.setRepeating(
      () => (this.#loneliness = Math.min(1, this.#loneliness + 0.001)),
      300_000,
    );
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  async crash(): Promise<void> {
    this.#timer?.cancel();
  }

  async emotions(): ReturnType<Companion["emotions"]> {
    const values = mapEmotions((name) => (name === "loneliness" ? this.#loneliness : 0.5));
    return { ...values, momentum: mapEmotions(() => 0), lastUpdated: this.#clock!.now() };
  }

  async health(): ReturnType<Companion["health"]> {
    return [];
  }
}

async function runWeek(kind: "casual" | "active" | "bare"): Promise<WeekFigures> {
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const companion: CompanionFactory =
    kind === "bare"
      ? () => new BareCompanion()
      : (await import("../../examples/demi/pocket_demi.ts")).pocketDemi; // a bare one's heap has no Discord library
  await using test = new LongRunningStabilityTest({
    companion,
    pattern: kind === "active" ? "active" : "casual",
    seed: 7,
    stopWhenHopeless: false,
  });
  await test.setup();
  const { messages, eventHash, outcome } = await test.run();
  const { user, system } = process.cpuUsage(startCpu);
  const wallMs = performance.now() - startMs;
  return { wallMs, cpuMs: (user + system) / 1000, messages: messages.answered, eventHash, outcome };
}

if (import.meta.main) {
  console.log(JSON.stringify(await runWeek(process.argv[2] as "casual" | "active" | "bare")));
}
