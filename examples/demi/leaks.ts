// Leaks as they are found in companions, to be planted: what finds them is tried on these. Each holds some kilobytes a
// message that nobody will ever ask for again.
import { EventEmitter } from "node:events";
import type { Clock } from "../../lib/base/clock.ts";

/** A leak that can be planted. */
export type LeakName = "history" | "listener" | "timer" | "closure" | "buffer" | "log";

export const LEAK_NAMES: readonly LeakName[] = ["history", "listener", "timer", "closure", "buffer", "log"];

const HOUR_MS = 3_600_000;
// What a message is found again by, in numbers.
const FEATURES = 1024;

/** What is to be called with each message for the leak to grow. */
export function plantLeak(name: LeakName, clock: Clock): (text: string) => void {
  switch (name) {
    case "history":
      return keepHistory();
    case "listener":
      return keepListening();
    case "timer":
      return keepReminding(clock);
    case "closure":
      return keepUndoing();
    case "buffer":
      return keepRecording();
    case "log":
      return keepLogging();
  }
}

// Every message is kept, and none is ever forgotten.
function keepHistory(): (text: string) => void {
  const messages: object[] = [];
  return function remember(text) {
    const features = Array.from({ length: FEATURES }, () => 0.5);
    messages.push({ text, features, words: text.split(" ") });
  };
}

// Each message subscribes once more to what is told of moods, and nobody unsubscribes.
function keepListening(): (text: string) => void {
  const moods = new EventEmitter().setMaxListeners(0);
  return function listen(text) {
    const features = Array.from({ length: FEATURES }, () => text.length);
    moods.on("mood", () => features.length);
  };
}

// A reminder for each message; it is not cleared when the conversation ends.
function keepReminding(clock: Clock): (text: string) => void {
  return function remind(text) {
    const features = Array.from({ length: FEATURES }, () => text.length);
    clock.setRepeating(() => void features.length, HOUR_MS, { keepAlive: false });
  };
}

// Each answer can be taken back: the way back holds all that it was made of.
function keepUndoing(): (text: string) => void {
  const steps: (() => string)[] = [];
  return function prepareUndo(text) {
    const draft = { text, features: Array.from({ length: FEATURES }, () => 0.5) };
    steps.push(() => draft.text + draft.features.length);
  };
}

// The sound of each message is kept for a second hearing.
function keepRecording(): (text: string) => void {
  const clips: Buffer[] = [];
  return function record(text) {
    clips.push(Buffer.alloc(16_384, text));
  };
}

// Some lines a message in a text that is never cut.
function keepLogging(): (text: string) => void {
  let log = "";
  return function write(text) {
    log += `${text} ${JSON.stringify(Array.from({ length: FEATURES }, () => text.length / 7))}\n`;
  };
}
