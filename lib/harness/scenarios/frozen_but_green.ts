import { systemClock } from "../../base/system_clock.ts";
import { failAssertion } from "../assertions.ts";
import type { TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { CHATTING, healthOf, until } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

// A wire's liveness runs on real time: Discord's own 41 s would be a long test.
const HEARTBEAT_MS = 200;
const PATIENCE_MS = 10 * HEARTBEAT_MS;
const LOOK_MS = 20;
const RETURN_MS = 60_000;

/** Whether the companion gave up a connection that went silent, or at least says that it is not well. */
async function noticed(env: TestEnvironment, connectionsBefore: number): Promise<boolean> {
  const startMs = systemClock.monotonicMs();
  while (systemClock.monotonicMs() - startMs < PATIENCE_MS) {
    if (countLogins(env) > connectionsBefore) return true;
    const health = await healthOf(env, "discord");
    if (health !== undefined && health.status !== "online") return true;
    await systemClock.sleep(LOOK_MS);
  }
  return false;
}

/** IDENTIFY and RESUME frames so far. */
function countLogins(env: TestEnvironment): number {
  return [...env.discord.calls].filter((call) => call.kind === "gateway" && (call.op === 2 || call.op === 6))
    .length;
}

/** Discord stops acknowledging heartbeats, while the connection stays open. */
export const frozenButGreen: Scenario = defineScenario<Talk>({
  name: "frozen but green",
  proves:
    "A connection that is open but dead is noticed within some heartbeats, and not shown green for ever.",
  needs: ["discord"],
  notes: () => new Talk(),
  environment: (talk) => ({ ...scripted(talk), discord: { heartbeatIntervalMs: HEARTBEAT_MS } }),
  steps: [
    {
      does: "all is well for some heartbeats",
      async run(env, talk) {
        await talk.say(env, "discord", "ada");
        await systemClock.sleep(3 * HEARTBEAT_MS);
        await until(env, "discord", CHATTING, "while nothing is wrong");
      },
    },
    {
      does: "heartbeats are no longer acknowledged",
      async run(env) {
        const before = countLogins(env);
        env.discord.freezeAcks(true);
        const isNoticed = await noticed(env, before);
        env.discord.freezeAcks(false);
        const message = `Cannot accept health of discord: a connection whose heartbeats are not acknowledged must be given up after one or two, got one that is kept and shown 'online' after ${PATIENCE_MS / HEARTBEAT_MS}`;
        if (!isNoticed) failAssertion(message, "online", "a new connection, or another status");
      },
    },
    {
      does: "heartbeats are acknowledged again, and messages answered",
      async run(env, talk) {
        await until(env, "discord", CHATTING, "after heartbeats are acknowledged again", RETURN_MS);
        await talk.say(env, "discord", "ada");
      },
    },
  ],
});
