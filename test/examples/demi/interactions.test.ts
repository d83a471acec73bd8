import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { InteractionKind } from "../../../examples/demi/emotions.ts";
import { classifyMessage } from "../../../examples/demi/interactions.ts";

const CASES: readonly (readonly [string, InteractionKind])[] = [
  ["Hello Demi", "positive"],
  ["I LOVE talking to you!", "positive"],
  ["Thank you, you are wonderful", "positive"],
  ["That was a stupid answer", "negative"],
  ["I don't love you", "negative"],
  ["that is not good", "negative"],
  ["You are not stupid", "neutral"],
  ["There were no errors today", "neutral"],
  ["I got a stack trace", "error"],
  ["The build fails again with an error", "rapid_errors"],
  ["It works now, that solved it, thanks for the help", "successful_help"],
  ["I pushed a code update with your fix", "code_update"],
  ["No, I do not want to talk about that", "refusal"],
  ["No thanks", "refusal"],
  ["No problem, thanks!", "positive"],
  ["The bug is fixed", "successful_help"],
  ["You are kind", "positive"],
  ["you suck", "negative"],
  ["Sorry, I have been away", "long_idle"],
  ["What do you think about while nobody writes?", "neutral"],
  ["this is a whitespace", "neutral"],
  ["🦊🌧️💜", "neutral"],
  ["", "neutral"],
];

suite("classifyMessage()", () => {
  for (const [text, kind] of CASES) {
    test(`takes ${JSON.stringify(text)} for ${kind}`, () => assert.equal(classifyMessage(text), kind));
  }
});
