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
} as const;

/** A close code with its reason. */
export type GatewayClose = readonly [code: number, reason: string];

type CloseName =
  | "unknownOpcode"
  | "decodeError"
  | "notAuthenticated"
  | "authenticationFailed"
  | "alreadyAuthenticated"
  | "invalidSequence"
  | "rateLimited"
  | "sessionTimedOut"
  | "invalidShard"
  | "invalidVersion"
  | "invalidIntents"
  | "disallowedIntents";

/** Close codes of the gateway, with Discord's own reasons. */
export const CLOSE: Readonly<Record<CloseName, GatewayClose>> = {
  unknownOpcode: [4001, "Unknown opcode."],
  decodeError: [4002, "Error while decoding payload."],
  notAuthenticated: [4003, "Not authenticated."],
  authenticationFailed: [4004, "Authentication failed."],
  alreadyAuthenticated: [4005, "Already authenticated."],
  invalidSequence: [4007, "Invalid seq."],
  rateLimited: [4008, "You are being rate limited."],
  sessionTimedOut: [4009, "Session timed out."],
  invalidShard: [4010, "Invalid shard."],
  invalidVersion: [4012, "Invalid API version."],
  invalidIntents: [4013, "Invalid intent(s)."],
  disallowedIntents: [4014, "Disallowed intent(s)."],
};

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
}

/** What a client asks for by IDENTIFY. */
export interface Identify {
  readonly intents: number;
  readonly shard: readonly [number, number];
}

/** What has to be done about a frame. */
export type GatewayAction =
  | { readonly type: "none" }
  | { readonly type: "ack" }
  | { readonly type: "members"; readonly request: Readonly<Record<string, unknown>> }
  | { readonly type: "identify"; readonly identify: Identify }
  | { readonly type: "resume"; readonly sessionId: string; readonly sequence: number }
  | { readonly type: "close"; readonly close: GatewayClose };

/** A step of a connection: the state after it, the frame's opcode if it had one, and what to do. */
export interface GatewayStep {
  readonly state: GatewayState;
  readonly op?: number | undefined;
  readonly action: GatewayAction;
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
  if (state.eventsInWindow > MAX_EVENTS_PER_WINDOW) return { state, action: closing("rateLimited") };
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
  switch (op) {
    case OP.heartbeat:
      return { type: "ack" }; // some clients beat before they identify
    case OP.identify:
      return state.authenticated ? closing("alreadyAuthenticated") : identify(toRecord(d), rules);
    case OP.resume:
      return state.authenticated ? closing("alreadyAuthenticated") : resume(toRecord(d), rules);
    case OP.requestGuildMembers:
      return state.authenticated
        ? { type: "members", request: toRecord(d) ?? {} }
        : closing("notAuthenticated");
    case OP.presenceUpdate:
    case OP.voiceStateUpdate:
      return state.authenticated ? { type: "none" } : closing("notAuthenticated");
    default:
      return closing("unknownOpcode");
  }
}

function identify(d: Record<string, unknown> | undefined, rules: GatewayRules): GatewayAction {
  if (!d) return closing("decodeError");
  if (!isToken(d["token"], rules)) return closing("authenticationFailed");
  if (!areIntentsDefined(d["intents"])) return closing("invalidIntents");
  if ((d["intents"] & ~rules.allowedIntents) !== 0) return closing("disallowedIntents");
  const shard = parseShard(d["shard"]);
  if (!shard) return closing("invalidShard");
  return { type: "identify", identify: { intents: d["intents"], shard } };
}

function resume(d: Record<string, unknown> | undefined, rules: GatewayRules): GatewayAction {
  const sessionId = d?.["session_id"];
  const sequence = d?.["seq"] ?? 0;
  if (!d || typeof sessionId !== "string") return closing("decodeError");
  if (!isToken(d["token"], rules)) return closing("authenticationFailed");
  if (typeof sequence !== "number" || !Number.isInteger(sequence)) return closing("invalidSequence");
  return { type: "resume", sessionId, sequence };
}

// Clients send the token bare or as in the Authorization header.
function isToken(token: unknown, rules: GatewayRules): boolean {
  return typeof token === "string" && token.replace(/^Bot\s+/i, "") === rules.token;
}

function parseShard(shard: unknown): readonly [number, number] | undefined {
  if (shard === undefined || shard === null) return [0, 1];
  if (!Array.isArray(shard) || shard.length !== 2 || !shard.every(Number.isInteger)) return undefined;
  const [id, count] = shard as [number, number];
  return id >= 0 && id < count ? [id, count] : undefined;
}

function closing(code: CloseName): GatewayAction {
  return { type: "close", close: CLOSE[code] };
}

function toRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}
