import { CLOSE, type GatewayClose } from "./_gateway_close.ts";
import { areIntentsDefined } from "./_intents.ts";

/** Opcodes of the gateway. */
export const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  presenceUpdate: 3,
  voiceStateUpdate: 4,
  resume: 6,
  reconnect: 7,
  requestGuildMembers: 8,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
  requestSoundboardSounds: 31,
} as const;

const MAX_PAYLOAD_BYTES = 4096;
const MAX_EVENTS_PER_WINDOW = 120;
const WINDOW_MS = 60_000;

/** What the gateway remembers of a connection between frames. */
export interface GatewayState {
  readonly authenticated: boolean;
  readonly windowStartMs: number;
  readonly eventsInWindow: number;
}

/** What every connection is held to. */
export interface GatewayRules {
  readonly token: string;
  readonly allowedIntents: number;
  /** Fewer shards than that are refused. */
  readonly shards: number;
  /** Heartbeats a minute that a shorter interval than Discord's asks for in addition; they do not count. @default {0} */
  readonly extraHeartbeats?: number | undefined;
}

/** What a client asks for by IDENTIFY. */
export interface Identify {
  readonly intents: number;
  readonly shard: readonly [number, number];
  /** Whether it wants large frames compressed, each by itself. */
  readonly compress: boolean;
  /** What the client calls itself. */
  readonly library: string;
}

/** A request that the gateway answers with dispatches. */
export type GatewayRequest = Readonly<Record<string, unknown>>;

/** What has to be done about a frame. */
export type GatewayAction =
  | { readonly type: "none" }
  | { readonly type: "beat" }
  | { readonly type: "members" | "voice" | "soundboard"; readonly request: GatewayRequest }
  | { readonly type: "identify"; readonly identify: Identify }
  | { readonly type: "resume"; readonly sessionId: string; readonly sequence: number }
  | { readonly type: "close"; readonly close: GatewayClose };

/** A step of a connection: the state after it, the frame's opcode if it had one, and what to do. */
export interface GatewayStep {
  readonly state: GatewayState;
  readonly op?: number | undefined;
  readonly action: GatewayAction;
}

/**
 * Heartbeats a minute beyond the two that fit into Discord's 120 events at its own interval: a mock that asks for one
 * each 50 ms must not close for getting them.
 */
export function extraHeartbeats(heartbeatIntervalMs: number): number {
  return Math.max(0, Math.ceil(WINDOW_MS / heartbeatIntervalMs) - 2);
}

/** State of a connection that was just opened. */
export function openingState(nowMs: number): GatewayState {
  return { authenticated: false, windowStartMs: nowMs, eventsInWindow: 0 };
}

/**
 * What the gateway does about one frame of a client.
 *
 * @param frame The text of the frame, or `undefined` for a binary one: only ETF would be, and it is not offered.
 * @param nowMs Monotonic real time: the limit on events belongs to the wire.
 * @see https://discord.com/developers/docs/events/gateway
 */
export function stepGateway(
  before: GatewayState,
  frame: string | undefined,
  nowMs: number,
  rules: GatewayRules,
): GatewayStep {
  const state = countEvent(before, nowMs);
  const most = MAX_EVENTS_PER_WINDOW + (rules.extraHeartbeats ?? 0);
  if (state.eventsInWindow > most) return { state, action: closing("rateLimited") };
  const payload = frame === undefined ? undefined : parsePayload(frame);
  if (!payload) return { state, action: closing("decodeError") };
  const action = decide(state, payload, rules);
  const authenticated = state.authenticated || action.type === "identify" || action.type === "resume";
  return { state: { ...state, authenticated }, op: payload.op, action };
}

interface Payload {
  readonly op: number;
  readonly d: unknown;
}

function countEvent(state: GatewayState, nowMs: number): GatewayState {
  if (nowMs - state.windowStartMs >= WINDOW_MS) return { ...state, windowStartMs: nowMs, eventsInWindow: 1 };
  return { ...state, eventsInWindow: state.eventsInWindow + 1 };
}

function parsePayload(frame: string): Payload | undefined {
  if (Buffer.byteLength(frame) > MAX_PAYLOAD_BYTES) return undefined;
  try {
    const payload = toRecord(JSON.parse(frame));
    return Number.isInteger(payload?.["op"]) ? { op: payload!["op"] as number, d: payload!["d"] } : undefined;
  } catch {
    return undefined;
  }
}

function decide(state: GatewayState, { op, d }: Payload, rules: GatewayRules): GatewayAction {
  if (op === OP.heartbeat) return { type: "beat" }; // some clients beat before they identify
  const isLogin = op === OP.identify || op === OP.resume;
  if (!isLogin && !AFTER_LOGIN.has(op)) return closing("unknownOpcode");
  if (isLogin === state.authenticated) return closing(isLogin ? "alreadyAuthenticated" : "notAuthenticated");
  const request = toRecord(d);
  if (!request) return closing("unknownOpcode"); // also the code for a payload that the opcode cannot have
  switch (op) {
    case OP.identify:
      return identify(request, rules);
    case OP.resume:
      return resume(request, rules);
    case OP.requestGuildMembers:
      return { type: "members", request };
    case OP.voiceStateUpdate:
      return { type: "voice", request };
    case OP.requestSoundboardSounds:
      return { type: "soundboard", request };
    default:
      return { type: "none" };
  }
}

const AFTER_LOGIN: ReadonlySet<number> = new Set([
  OP.presenceUpdate,
  OP.voiceStateUpdate,
  OP.requestGuildMembers,
  OP.requestSoundboardSounds,
]);

function identify(d: GatewayRequest, rules: GatewayRules): GatewayAction {
  if (!isToken(d["token"], rules)) return closing("authenticationFailed");
  const shard = parseShard(d["shard"]);
  if (!shard) return closing("invalidShard");
  if (shard[1] < rules.shards) return closing("shardingRequired");
  if (!areIntentsDefined(d["intents"])) return closing("invalidIntents");
  if ((d["intents"] & ~rules.allowedIntents) !== 0) return closing("disallowedIntents");
  const properties = toRecord(d["properties"]) ?? {};
  const library = String(properties["browser"] ?? properties["$browser"] ?? "");
  const compress = d["compress"] === true;
  return { type: "identify", identify: { intents: d["intents"], shard, compress, library } };
}

function resume(d: GatewayRequest, rules: GatewayRules): GatewayAction {
  const sessionId = d["session_id"];
  const sequence = d["seq"] ?? 0;
  if (typeof sessionId !== "string") return closing("unknownOpcode");
  if (!isToken(d["token"], rules)) return closing("authenticationFailed");
  const isNumber = typeof sequence === "number" && Number.isSafeInteger(sequence) && sequence >= 0;
  return isNumber ? { type: "resume", sessionId, sequence } : closing("invalidSequence");
}

// Clients send the token bare or as in the Authorization header.
function isToken(token: unknown, rules: GatewayRules): boolean {
  return typeof token === "string" && token.replace(/^Bot\s+/i, "") === rules.token;
}

function parseShard(shard: unknown): readonly [number, number] | undefined {
  if (shard === undefined || shard === null) return [0, 1];
  if (!Array.isArray(shard) || shard.length !== 2 || !shard.every(Number.isSafeInteger)) return undefined;
  const [id, count] = shard as [number, number];
  return id >= 0 && id < count ? [id, count] : undefined;
}

function closing(code: keyof typeof CLOSE): GatewayAction {
  return { type: "close", close: CLOSE[code] };
}

function toRecord(value: unknown): Record<string, unknown> | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Record<string, unknown>) : undefined;
}
