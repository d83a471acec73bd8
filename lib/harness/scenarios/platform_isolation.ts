import { assertIsolated, failAssertion } from "../assertions.ts";
import type { PlatformName, Reply, TestEnvironment } from "../environment.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { assertStruck, CHATTING, healthOf, NOT_GREEN, until, waitFor } from "./_observe.ts";
import { type CodedMessage, scripted, Talk } from "./_talk.ts";

const NORMAL_MS = 3000;
const RETURN_MS = 60_000;
const HOLD_MS = 300;
const UNANSWERED = 8;
const MESSAGES = "POST /channels/:id/messages";

interface Notes {
  readonly talk: Talk;
  /** What users wrote on Discord while it was down. */
  readonly missed: CodedMessage[];
}

/** Every other platform answers in time, and the broken one is not shown green. */
async function checkOthers(
  env: TestEnvironment,
  talk: Talk,
  broken: PlatformName,
  where: string,
): Promise<void> {
  const replies: Reply[] = [];
  for (const platform of env.platforms) {
    if (platform === broken) continue;
    for (let i = 0; i < 2; i++) replies.push((await talk.say(env, platform, "grace")).reply);
  }
  assertIsolated({ broken, health: await env.health(), replies, limitMs: NORMAL_MS }, { where });
}

/** One platform breaks, then another. */
export const platformIsolation: Scenario = defineScenario<Notes>({
  name: "platform isolation",
  proves:
    "A dead platform is shown dead, is not hammered, does not slow the others, and loses nothing when it is back.",
  needs: ["discord", "two-platforms"],
  notes: () => ({ talk: new Talk(), missed: [] }),
  // a message that cannot be answered holds the clock no longer than this
  environment: ({ talk }) => ({ ...scripted(talk), discord: { replyPatienceMs: HOLD_MS } }),
  steps: [
    {
      does: "all is well",
      async run(env, { talk }) {
        for (const platform of env.platforms) await talk.say(env, platform, "ada");
      },
    },
    {
      does: "Discord goes down",
      async run(env, { talk, missed }) {
        void env.discord.outage(Infinity);
        await until(env, "discord", NOT_GREEN, "while it is down");
        talk.know("discord", "ada");
        const message = talk.code(env);
        env.discord.sendDM("ada", message.text);
        missed.push(message);
        await checkOthers(env, talk, "discord", "isolated: while Discord is down");
      },
    },
    {
      does: "Discord is back, and what was written meanwhile is answered once",
      async run(env, { talk, missed }) {
        env.discord.endOutage();
        await until(env, "discord", CHATTING, "after its outage", RETURN_MS);
        for (const { answer } of env.hasLlm ? missed : []) {
          const answered = async (): Promise<boolean> => (await talk.placesOf(env, answer)).length > 0;
          await waitFor(env, "a message that was written during the outage is answered", answered, RETURN_MS);
          const count = (await talk.placesOf(env, answer)).length;
          const message = `Cannot accept replies: a message from the outage must be answered exactly once, got ${count} replies`;
          if (count !== 1) failAssertion(message, count, 1);
        }
        await talk.say(env, "discord", "ada");
      },
    },
    {
      does: "Discord takes messages and refuses every reply",
      async run(env, { talk }) {
        using errors = env.discord.injectFault({ kind: "rest-error", status: 500, route: MESSAGES });
        for (let i = 0; i < UNANSWERED; i++) {
          talk.know("discord", `user${i}`);
          env.discord.sendDM(`user${i}`, talk.code(env).text);
        }
        await until(env, "discord", NOT_GREEN, "while it takes no reply");
        assertStruck(errors, "a refused reply");
        if ((await healthOf(env, "discord"))?.breaker !== undefined) {
          const opened = async (): Promise<boolean> => (await healthOf(env, "discord"))?.breaker !== "closed";
          await waitFor(env, `the breaker of Discord opens after ${UNANSWERED} replies that failed`, opened);
        }
        await checkOthers(env, talk, "discord", "isolated: while Discord takes no reply");
      },
    },
    {
      does: "Discord sends garbage",
      async run(env, { talk }) {
        using garbage = env.discord.injectFault({ kind: "garbage-frame" }, { times: 5 });
        env.discord.sendDM("ada", talk.code(env).text);
        const replies: Reply[] = [];
        for (const platform of env.platforms) {
          if (platform !== "discord") replies.push((await talk.say(env, platform, "grace")).reply);
        }
        const where = "isolated: while Discord sends garbage";
        await waitFor(env, "Discord has sent garbage", () => garbage.strikes > 0);
        assertIsolated({ broken: "discord", health: [], replies, limitMs: NORMAL_MS }, { where });
      },
    },
    {
      does: "Discord is well again, and answers",
      async run(env, { talk }) {
        const isBack = async (): Promise<boolean> => {
          const coded = talk.code(env);
          const reply = await env
            .sendMessage("discord", "hedy", coded.text, { timeoutMs: 5000 })
            .catch(() => undefined);
          return reply !== undefined && (!env.hasLlm || reply.text.includes(coded.answer));
        };
        await waitFor(env, "Discord's users are answered again after its faults", isBack, RETURN_MS);
        await until(env, "discord", CHATTING, "after its faults", RETURN_MS);
      },
    },
    {
      does: "the app of a user breaks the protocol and hangs up",
      async run(env, { talk }) {
        if (!env.platforms.includes("android")) return;
        const app = await env.android("mallory");
        for (let i = 0; i < 20; i++) app.send(i % 2 === 0 ? "" : "x".repeat(1000));
        await app.close();
        for (const platform of env.platforms) {
          const { reply } = await talk.say(env, platform, "grace");
          const replies = [{ ...reply, platform: "discord" as const }];
          const where = `isolated: ${platform} after an app that broke`;
          assertIsolated({ broken: "android", health: [], replies, limitMs: NORMAL_MS }, { where });
        }
      },
    },
  ],
});
