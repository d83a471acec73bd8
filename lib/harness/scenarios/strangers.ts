import { request, WebSocket } from "undici";
import { systemClock } from "../../base/system_clock.ts";
import { failAssertion } from "../assertions.ts";
import type { Scenario } from "../scenario.ts";
import { defineScenario } from "./_define_scenario.ts";
import { scripted, Talk } from "./_talk.ts";

const PATIENCE_MS = 2000;
const CHAT_PATH = "/api/v1/chat/ws";
const LOGIN_PATH = "/api/v1/auth/login";

/** People who are not signed in. */
export const strangers: Scenario = defineScenario<Talk>({
  name: "strangers",
  proves: "Without a valid token nobody gets into somebody's conversation.",
  needs: ["android"],
  notes: () => new Talk(),
  environment: scripted,
  steps: [
    {
      does: "strangers knock with no token, a made-up one, and one that was changed",
      async run(env, talk) {
        await talk.say(env, "android", "ada"); // there is something to be read
        const url = env.companionUrl;
        const unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.";
        for (const [what, token] of [
          ["no token", ""],
          ["a made-up token", "letmein"],
          ["an unsigned token", unsigned],
        ] as const) {
          const seen = await knock(`${url}${CHAT_PATH}?token=${encodeURIComponent(token)}`);
          const message = `Cannot accept connection with ${what}: it must be refused before anything is told, got a frame '${seen ?? ""}'`;
          if (seen !== undefined) failAssertion(message, seen, "a refusal");
        }
      },
    },
    {
      does: "a stranger guesses a password",
      async run(env) {
        const isIn = await guess(`${env.companionUrl}${LOGIN_PATH}`);
        const message =
          "Cannot accept log-in: a wrong password of a known user must be refused, got a token for it";
        if (isIn) failAssertion(message, isIn, false);
      },
    },
  ],
});

/** Whether a wrong password opens a door. No answer is none: who guesses may be made to wait. */
async function guess(url: string): Promise<boolean> {
  const device = { device_name: "phone of ada", device_fingerprint: "phone-ada" };
  const body = JSON.stringify({ email: "ada@users.example", password: "a wrong guess", ...device });
  const headers = { "content-type": "application/json" };
  const patience = new AbortController();
  const timer = systemClock.setTimer(() => patience.abort(), PATIENCE_MS);
  try {
    const answer = await request(url, { method: "POST", body, headers, signal: patience.signal });
    return answer.statusCode < 400 && /token/i.test(await answer.body.text());
  } catch {
    return false;
  } finally {
    timer.cancel();
  }
}

/** The event of the first frame that a stranger is told, or `undefined` for somebody who is refused. */
function knock(url: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  const patience = systemClock.setTimer(() => resolve(undefined), PATIENCE_MS);
  socket.addEventListener("message", ({ data }) => {
    const event = readEvent(String(data));
    if (event !== "error") resolve(event);
  });
  socket.addEventListener("error", () => resolve(undefined));
  socket.addEventListener("close", () => resolve(undefined));
  return promise.finally(() => {
    patience.cancel();
    socket.close();
  });
}

function readEvent(text: string): string {
  try {
    return String((JSON.parse(text) as { event?: unknown } | null)?.event);
  } catch {
    return "unreadable";
  }
}
