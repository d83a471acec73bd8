import { AssertionError } from "node:assert";
import { isPlatformUp, type PlatformHealth } from "../base/platform_health.ts";
import {
  EMOTION_NAMES,
  type EmotionalState,
  type EmotionName,
  type EmotionValues,
} from "../emotion/emotional_state.ts";
import { quantile } from "../stats/quantile.ts";
import type { PlatformName, Reply } from "./environment.ts";
import type { EmotionDirections } from "./fixtures/conversation_fixtures.ts";
import { EMOTION_FLOORS } from "./fixtures/emotion_floors.ts";

/** What every assertion takes. */
export interface AssertionOptions {
  /** Where this was seen, such as `after the restart`; begins the message. */
  readonly where?: string | undefined;
}

/** Ends with an error that a test runner shows as a difference. */
export function failAssertion(
  message: string,
  actual: unknown,
  expected: unknown,
  options: AssertionOptions = {},
): never {
  const { where } = options;
  const operator = "harness";
  throw new AssertionError({
    message: where === undefined ? message : `${where}: ${message}`,
    actual,
    expected,
    operator,
  });
}

/**
 * Emotions are as expected; those that are not named may be anything.
 *
 * @example
 * ```ts
 * import { assertEmotions, emotionFixtures } from "demi-health/harness";
 *
 * assertEmotions(emotionFixtures.lonely, { loneliness: 0.91 }, 0.02);
 * ```
 *
 * @param tolerance How far a value may be off. @default {0.01}
 * @throws {AssertionError} That names each emotion with its expected and actual value.
 */
export function assertEmotions(
  actual: Partial<EmotionValues>,
  expected: Partial<EmotionValues>,
  tolerance: number = 0.01,
  options: AssertionOptions = {},
): void {
  const named = EMOTION_NAMES.filter((name) => expected[name] !== undefined);
  const isNear = (name: EmotionName): boolean =>
    Math.abs((actual[name] ?? NaN) - expected[name]!) <= tolerance;
  const wrong = named.filter((name) => !isNear(name)); // NaN is near nothing
  if (wrong.length === 0) return;
  const each = wrong.map(
    (name) => `'${name}' must be ${format(expected[name])} ± ${tolerance}, got ${format(actual[name])}`,
  );
  failAssertion(
    `Cannot accept emotions: ${each.join("; ")}`,
    pick(actual, named),
    pick(expected, named),
    options,
  );
}

/** Options of {@linkcode assertEmotionBounds}. */
export interface EmotionBoundsOptions extends AssertionOptions {
  /** @default {EMOTION_FLOORS} */
  readonly floors?: EmotionValues | undefined;
}

/**
 * Every value is a finite number from its floor to 1, and every momentum finite and not negative.
 *
 * @throws {AssertionError} That names each emotion that is not.
 */
export function assertEmotionBounds(state: EmotionalState, options: EmotionBoundsOptions = {}): void {
  const { floors = EMOTION_FLOORS } = options;
  const wrong = EMOTION_NAMES.flatMap((name) => {
    const [value, floor, momentum] = [state[name], floors[name], state.momentum[name]];
    const got = `got ${value}`;
    if (!Number.isFinite(value)) return [`'${name}' must be a finite number, ${got}`];
    if (value > 1 + 1e-9) return [`'${name}' must be within its bound of 1, ${got}`];
    if (value < floor - 1e-9) return [`'${name}' must be at or above its floor ${floor}, ${got}`];
    if (momentum >= 0 && momentum < Infinity) return [];
    return [`momentum of '${name}' must be finite and >= 0, got ${momentum}`];
  });
  if (wrong.length === 0) return;
  failAssertion(`Cannot accept emotions: ${wrong.join("; ")}`, state, "values within their bounds", options);
}

const UNMOVED = 1e-6;

/**
 * Emotions went where they had to go; one that is at its floor or at 1 already may stay.
 *
 * @throws {AssertionError} That names each emotion, where it had to go, and from what to what it went.
 */
export function assertEmotionDirections(
  before: EmotionalState,
  after: EmotionalState,
  expected: EmotionDirections,
  options: AssertionOptions = {},
): void {
  const wrong = EMOTION_NAMES.filter((name) => {
    const change = after[name] - before[name];
    if (Number.isNaN(change)) return expected[name] !== undefined;
    if (expected[name] === "up") return change <= UNMOVED && after[name] < 1 - UNMOVED;
    return expected[name] === "down" && change >= -UNMOVED && after[name] > EMOTION_FLOORS[name] + UNMOVED;
  });
  if (wrong.length === 0) return;
  const each = wrong.map(
    (name) => `'${name}' must go ${expected[name]} from ${format(before[name])}, got ${format(after[name])}`,
  );
  failAssertion(
    `Cannot accept change of emotions: ${each.join("; ")}`,
    pick(after, wrong),
    expected,
    options,
  );
}

/** What a reply must be; what is absent may be anything. */
export interface ExpectedReply {
  readonly platform?: PlatformName | undefined;
  readonly user?: string | undefined;
  readonly includes?: string | undefined;
  readonly excludes?: RegExp | undefined;
  readonly withinMs?: number | undefined;
}

/**
 * There is a reply with something in it, and it is the right one.
 *
 * @throws {AssertionError} That says what is wrong with it.
 */
export function assertReply(
  reply: Reply | undefined,
  expected: ExpectedReply = {},
  options: AssertionOptions = {},
): asserts reply is Reply {
  const { platform, user, includes, excludes, withinMs = Infinity } = expected;
  const fail = (rule: string, got: unknown): never =>
    failAssertion(`Cannot accept reply: it must ${rule}, got ${String(got)}`, reply, expected, options);
  if (!reply) return fail("be there", "no reply");
  if (reply.text.trim() === "") fail("have a text", "an empty one");
  if (platform !== undefined && reply.platform !== platform) fail(`be on ${platform}`, reply.platform);
  if (user !== undefined && reply.user !== user) fail(`be for ${user}`, `one for ${reply.user}`);
  if (includes !== undefined && !reply.text.includes(includes)) {
    fail(`have '${includes}' in its text`, JSON.stringify(shorten(reply.text)));
  }
  if (excludes?.test(reply.text)) fail(`not match ${String(excludes)}`, JSON.stringify(shorten(reply.text)));
  if (!(reply.responseTimeMs <= withinMs)) {
    fail(`come within ${withinMs} ms of its message`, `one after ${Math.round(reply.responseTimeMs)} ms`);
  }
}

/** Options of {@linkcode assertResponseTime}. */
export interface ResponseTimeOptions extends AssertionOptions {
  /** @default {3000} */
  readonly limitMs?: number | undefined;
  /** Of the response times so many must be within the limit. @default {0.9} */
  readonly probability?: number | undefined;
  /** Fewer are no evidence. @default {1} */
  readonly minSamples?: number | undefined;
}

/**
 * Response times are within the limit, by default nine of ten within 3 s.
 *
 * @param measured Replies, or milliseconds.
 * @throws {AssertionError} If they are not, or if there are too few to judge by.
 */
export function assertResponseTime(
  measured: readonly (number | Pick<Reply, "responseTimeMs">)[],
  options: ResponseTimeOptions = {},
): void {
  const { limitMs = 3000, probability = 0.9, minSamples = 1 } = options;
  const name = `p${Math.round(probability * 100)} of the response time`;
  const least = Math.max(1, minSamples);
  if (measured.length < least) {
    const message = `Cannot judge response time: not enough evidence, at least ${least} replies must be measured, got ${measured.length}`;
    failAssertion(message, measured.length, least, options);
  }
  const times = measured.map((each) => (typeof each === "number" ? each : each.responseTimeMs));
  const actual = quantile(times, probability);
  if (actual <= limitMs) return;
  const rule = `${name} must be at most ${limitMs} ms, got ${Math.round(actual)} ms over ${times.length} replies`;
  failAssertion(`Cannot accept response time: ${rule}`, actual, limitMs, options);
}

/** What was seen while a platform was broken. */
export interface IsolationEvidence {
  /** The platform that is broken. */
  readonly broken: PlatformName;
  /** What the companion says of its platforms meanwhile. */
  readonly health: readonly PlatformHealth[];
  /** Replies that users of other platforms got meanwhile. */
  readonly replies: readonly Reply[];
  /** Most that such a reply may take. @default {3000} */
  readonly limitMs?: number | undefined;
}

/**
 * A broken platform stays alone: users of the others are answered in time, the others are shown to work, and the
 * broken one is not shown green.
 *
 * @throws {AssertionError} Also if no reply on another platform was measured: that would be no evidence.
 */
export function assertIsolated(evidence: IsolationEvidence, options: AssertionOptions = {}): void {
  const { broken, health, replies, limitMs = 3000 } = evidence;
  const fail = (message: string, actual: unknown, expected: unknown): never =>
    failAssertion(`Cannot accept isolation of ${broken}: ${message}`, actual, expected, options);
  const others = replies.filter(({ platform }) => platform !== broken);
  if (others.length === 0) {
    fail("not enough evidence, a reply on another platform must be there, got none", replies, "a reply");
  }
  for (const { platform, responseTimeMs } of others) {
    if (responseTimeMs <= limitMs) continue;
    fail(
      `${platform} must answer within ${limitMs} ms meanwhile, got ${Math.round(responseTimeMs)} ms`,
      responseTimeMs,
      limitMs,
    );
  }
  for (const { name, status } of health) {
    if (name === broken && isPlatformUp(status) && status === "online") {
      fail(`its health must not be green while it is broken, got '${status}'`, status, "offline");
    }
    if (name !== broken && !isPlatformUp(status) && others.some(({ platform }) => platform === name)) {
      fail(`${name} must be shown to work meanwhile, got '${status}'`, status, "online");
    }
  }
}

/** What a companion knew at one moment. */
export interface PersistedState {
  readonly emotions: EmotionalState;
  /** Texts that it has to remember, in their order. */
  readonly history?: readonly string[] | undefined;
}

/** Options of {@linkcode assertPersisted}. */
export interface PersistedOptions extends AssertionOptions {
  /** How far an emotion may be from where it was. @default {1e-6} */
  readonly tolerance?: number | undefined;
}

/**
 * What was known before is known after. For a time off in which emotions age, compare with `ageingBounds` instead.
 *
 * @throws {AssertionError} That names what was lost: an emotion, momentum, or a message of the history.
 */
export function assertPersisted(
  before: PersistedState,
  after: PersistedState,
  options: PersistedOptions = {},
): void {
  const { tolerance = 1e-6, where = "persistence" } = options;
  assertEmotions(after.emotions, pick(before.emotions, EMOTION_NAMES), tolerance, {
    where: `${where}: state`,
  });
  assertEmotions(after.emotions.momentum, before.emotions.momentum, tolerance, {
    where: `${where}: momentum`,
  });
  const kept = new Set(after.history ?? []);
  const lost = (before.history ?? []).filter((text) => !kept.has(text));
  if (lost.length === 0) return;
  const message = `Cannot accept history: it must have all ${before.history!.length} messages, got ${lost.length} lost`;
  failAssertion(message, after.history ?? [], before.history, { where });
}

function pick(values: Partial<EmotionValues>, names: readonly EmotionName[]): Partial<EmotionValues> {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

function format(value: number | undefined): string {
  return value === undefined ? "none" : String(Math.round(value * 1e4) / 1e4);
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 119)}…`;
}
