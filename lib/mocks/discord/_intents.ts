type IntentName =
  | "guilds"
  | "guildMembers"
  | "guildModeration"
  | "guildExpressions"
  | "guildIntegrations"
  | "guildWebhooks"
  | "guildInvites"
  | "guildVoiceStates"
  | "guildPresences"
  | "guildMessages"
  | "guildMessageReactions"
  | "guildMessageTyping"
  | "directMessages"
  | "directMessageReactions"
  | "directMessageTyping"
  | "messageContent"
  | "guildScheduledEvents"
  | "autoModerationConfiguration"
  | "autoModerationExecution"
  | "guildMessagePolls"
  | "directMessagePolls";

/** All gateway intents of v10. */
export const INTENT: Readonly<Record<IntentName, number>> = {
  guilds: 1 << 0,
  guildMembers: 1 << 1,
  guildModeration: 1 << 2,
  guildExpressions: 1 << 3,
  guildIntegrations: 1 << 4,
  guildWebhooks: 1 << 5,
  guildInvites: 1 << 6,
  guildVoiceStates: 1 << 7,
  guildPresences: 1 << 8,
  guildMessages: 1 << 9,
  guildMessageReactions: 1 << 10,
  guildMessageTyping: 1 << 11,
  directMessages: 1 << 12,
  directMessageReactions: 1 << 13,
  directMessageTyping: 1 << 14,
  messageContent: 1 << 15,
  guildScheduledEvents: 1 << 16,
  autoModerationConfiguration: 1 << 20,
  autoModerationExecution: 1 << 21,
  guildMessagePolls: 1 << 24,
  directMessagePolls: 1 << 25,
};

const DEFINED = Object.values(INTENT).reduce((all, intent) => all | intent, 0);

/** Intents that a bot must be allowed to have in the developer portal. */
export const PRIVILEGED_INTENTS: number = INTENT.guildMembers | INTENT.guildPresences | INTENT.messageContent;

/** Whether the value is a number made of defined intents only. */
export function areIntentsDefined(intents: unknown): intents is number {
  const bits = intents as number; // bit operations see 32 of them only
  return Number.isInteger(intents) && bits >= 0 && bits < 2 ** 31 && (bits & ~DEFINED) === 0;
}
