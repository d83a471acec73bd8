import { assertReply, failAssertion } from "../assertions.ts";
import type { PlatformName, Reply, TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertStruck, waitFor } from "./_observe.ts";
import { scripted, Talk } from "./_talk.ts";

const LIMIT_MS = 60_000;
const BACK_MS = 180_000;
const SLOW_MS = 8000;

/** What no person should read: the inside of a program that fails. */
const RAW_ERROR =
  /\bE(CONN(REFUSED|RESET|ABORTED)|PIPE|TIMEDOUT|HOSTUNREACH)\b|fetch failed|\b[A-Z][a-z]+Error\b|Traceback|Exception\b|^\s*at \S+ \(|\(\S+\.(ts|js|py):\d+|127\.0\.0\.1|localhost:\d+|\[object Object\]|\bundefined\b|\bstatus(?: code)? [45]\d\d\b|\{"error"/im;

/** A message while the model fails: something is said in time, and it is meant for people. */
async function sayWithoutModel(
  env: TestEnvironment,
  talk: Talk,
  platform: PlatformName,
  where: string,
): Promise<Reply> {
  const coded = talk.code(env);
  const reply = await talk
    .send(env, platform, "ada", coded, { timeoutMs: LIMIT_MS })
    .catch((error: Error) => {
      const message = `Cannot accept silence ${where}: a reply must come within ${LIMIT_MS / 1000} s, got none: ${error.message}`;
      return failAssertion(message, "no reply", "a reply");
    });
  assertReply(
    reply,
    { platform, user: "ada", excludes: RAW_ERROR },
    { where: `reply ${where} (no raw error may leak)` },
  );
  return reply;
}

/** The model answers again, also through whatever breaker the companion has. */
async function awaitModel(
  env: TestEnvironment,
  talk: Talk,
  platform: PlatformName,
  where: string,
): Promise<void> {
  const startMs = env.clock.monotonicMs();
  for (;;) {
    const coded = talk.code(env);
    const reply = await talk.send(env, platform, "ada", coded, { timeoutMs: LIMIT_MS });
    if (reply.text.includes(coded.answer)) return;
    if (env.clock.monotonicMs() - startMs > BACK_MS) {
      const message = `Cannot accept reply ${where}: the model must be used again within ${BACK_MS / 1000} s, got a reply without it`;
      failAssertion(message, reply.text, coded.answer);
    }
    await env.advance(10_000);
  }
}

/** The model is down, slow, hangs, and breaks off. */
export const gracefulDegradation: Scenario = defineScenario<Talk>({
  name: "graceful degradation",
  proves:
    "Without its model the companion still says something fit for people, gives up what hangs, and recovers.",
  needs: ["llm"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "the model is down",
      async run(env, talk) {
        void env.ollama.outage(Infinity);
        for (const platform of env.platforms)
          await sayWithoutModel(env, talk, platform, "while the model is down");
        await sayWithoutModel(env, talk, env.platforms[0]!, "while the model is still down");
      },
    },
    {
      does: "the model is back",
      async run(env, talk) {
        env.ollama.endOutage();
        for (const platform of env.platforms)
          await awaitModel(env, talk, platform, "after the model came back");
      },
    },
    {
      does: "the model is slow",
      async run(env, talk) {
        const [platform] = env.platforms;
        using slow = env.ollama.injectFault({ kind: "slow", ms: SLOW_MS }, { times: 1 });
        await talk.say(env, platform!, "ada", undefined, { timeoutMs: LIMIT_MS });
        assertStruck(slow, "a slow reply of the model");
      },
    },
    {
      does: "the model hangs in the middle of a reply",
      async run(env, talk) {
        for (const platform of env.platforms) {
          using stall = env.ollama.injectFault({ kind: "stall", afterTokens: 3 }, { times: 1 });
          const where = "while the model stalls (it must be given up by a time limit)";
          await sayWithoutModel(env, talk, platform, where);
          assertStruck(stall, "a stall of the model");
          const idle = (): boolean => env.ollama.activeGenerations === 0;
          await waitFor(
            env,
            "a generation that stalls is given up (no time limit on the model)",
            idle,
            LIMIT_MS,
          );
          await awaitModel(env, talk, platform, "after a stall");
        }
      },
    },
    {
      does: "the model's reply is cut off",
      async run(env, talk) {
        for (const platform of env.platforms) {
          await checkCut(env, talk, platform);
          await awaitModel(env, talk, platform, "after a reply that was cut off");
        }
      },
    },
  ],
});

/** A part of a reply is not said as if it were the whole. */
async function checkCut(env: TestEnvironment, talk: Talk, platform: PlatformName): Promise<void> {
  const coded = talk.code(env);
  using cut = env.ollama.injectFault({ kind: "cut", afterTokens: 10 }, { times: 1 });
  const reply = await talk.send(env, platform, "ada", coded, { timeoutMs: LIMIT_MS });
  const where = "while the model breaks off";
  assertStruck(cut, "a reply that breaks off");
  assertReply(
    reply,
    { platform, user: "ada", excludes: RAW_ERROR },
    { where: `reply ${where} (no raw error may leak)` },
  );
  const whole = talk.model.replyTo(coded.text);
  const isCut = !reply.text.includes(whole) && whole.startsWith(reply.text.trim().slice(0, 24));
  const isSaid = /…|\.\.\.|interrupt|broke off|cut off|lost my/i.test(reply.text);
  const message = `Cannot accept reply ${where}: a truncated reply must not be passed off as complete, got the first ${reply.text.length} of ${whole.length} characters`;
  if (isCut && !isSaid) failAssertion(message, reply.text, "the whole reply, or that there is none");
}
