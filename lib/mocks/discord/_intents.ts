type IntentName =
  | "guilds"
  | "guildMembers"
  | "guildPresences"
  | "guildMessages"
  | "guildMessageReactions"
  | "guildMessageTyping"
  | "directMessages"
  | "directMessageReactions"
  | "directMessageTyping"
  | "messageContent";

/** Gateway intents that the mock knows by name. */
export const INTENT: Readonly<Record<IntentName, number>> = {
  guilds: 1 << 0,
  guildMembers: 1 << 1,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  guildMessageReactions: 1 << 10,
  guildMessageTyping: 1 << 11,
  directMessages: 1 << 12,
  directMessageReactions: 1 << 13,
  directMessageTyping: 1 << 14,
  messageContent: 1 << 15,
};

// Bits 0–16, 20, 21, 24 and 25 are defined in v10; any other closes with 4013.
const DEFINED = 0x1_ffff | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25);

/** Intents that a bot must be allowed to have in the developer portal. */
export const PRIVILEGED_INTENTS: number = INTENT.guildMembers | INTENT.guildPresences | INTENT.messageContent;

/** Whether the value is a number made of defined intents only. */
export function areIntentsDefined(intents: unknown): intents is number {
  return Number.isInteger(intents) && (intents as number) >= 0 && ((intents as number) & ~DEFINED) === 0;
}
