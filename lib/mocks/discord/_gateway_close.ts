/** A close code with its reason. */
export type GatewayClose = readonly [code: number, reason: string];

type CloseName =
  | "unknownError"
  | "unknownOpcode"
  | "decodeError"
  | "notAuthenticated"
  | "authenticationFailed"
  | "alreadyAuthenticated"
  | "invalidSequence"
  | "rateLimited"
  | "sessionTimedOut"
  | "invalidShard"
  | "shardingRequired"
  | "invalidVersion"
  | "invalidIntents"
  | "disallowedIntents";

/**
 * Close codes of the gateway, with Discord's own reasons.
 *
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
 */
export const CLOSE: Readonly<Record<CloseName, GatewayClose>> = {
  unknownError: [4000, "Unknown error."],
  unknownOpcode: [4001, "Unknown opcode."],
  decodeError: [4002, "Error while decoding payload."],
  notAuthenticated: [4003, "Not authenticated."],
  authenticationFailed: [4004, "Authentication failed."],
  alreadyAuthenticated: [4005, "Already authenticated."],
  invalidSequence: [4007, "Invalid seq."],
  rateLimited: [4008, "You are being rate limited."],
  sessionTimedOut: [4009, "Session timed out."],
  invalidShard: [4010, "Invalid shard."],
  shardingRequired: [4011, "Sharding required."],
  invalidVersion: [4012, "Invalid API version."],
  invalidIntents: [4013, "Invalid intent(s)."],
  disallowedIntents: [4014, "Disallowed intent(s)."],
};

const REASONS = new Map(Object.values(CLOSE));

/** A close of any code, with Discord's reason where it has one. */
export function closeOf(code: number, reason: string = REASONS.get(code) ?? ""): GatewayClose {
  return [code, reason];
}

// After 4003 and 4005 the session's state is unknown, so it stays as after any other loss.
const SESSION_ENDS = new Set([4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014]);
const FOR_GOOD = new Set([4004, 4010, 4011, 4012, 4013, 4014]);
const CLIENT_FAULTS = new Set([4001, 4002, 4003, 4005, 4007, 4008]);

/** Whether the gateway forgets the session when it closes with that code. */
export function endsSession(code: number): boolean {
  return SESSION_ENDS.has(code);
}

/**
 * Whether every common library resumes after that code. After 1000 and after a mistake of its own, discord.js begins
 * anew.
 */
export function demandsResume(code: number): boolean {
  return code !== 1000 && code <= 4002;
}

/** Whether a client must not come back after that code. */
export function isForGood(code: number): boolean {
  return FOR_GOOD.has(code);
}

/** Whether only a mistake of the client leads to that code. */
export function isFaultOfClient(code: number): boolean {
  return CLIENT_FAULTS.has(code);
}

/** Whether a websocket may be closed with that code: 1000–1003, 1007–1014, 3000–4999. */
export function isSendableCode(code: number): boolean {
  const isOfWebSocket = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  return Number.isInteger(code) && (isOfWebSocket || (code >= 3000 && code <= 4999));
}
