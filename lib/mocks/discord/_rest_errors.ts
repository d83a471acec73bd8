/** Name of an error of the REST API. */
export type RestErrorName =
  | "unauthorized"
  | "notFound"
  | "methodNotAllowed"
  | "unknownChannel"
  | "unknownGuild"
  | "unknownInvite"
  | "unknownMember"
  | "unknownMessage"
  | "unknownOverwrite"
  | "unknownRole"
  | "unknownUser"
  | "unknownEmoji"
  | "unknownWebhook"
  | "unknownBan"
  | "unknownInteraction"
  | "unknownCommand"
  | "wrongApplication"
  | "tooManyPins"
  | "tooManyReactions"
  | "tooLarge"
  | "alreadyAcknowledged"
  | "missingAccess"
  | "notInDm"
  | "cannotEditOthers"
  | "emptyMessage"
  | "cannotMessageUser"
  | "cannotSendInChannel"
  | "missingPermissions"
  | "bulkDeleteCount"
  | "wrongChannelType"
  | "invalidWebhookToken"
  | "tooOldForBulkDelete"
  | "invalidForm"
  | "invalidVersion"
  | "archivedThread"
  | "invalidJson"
  | "reactionBlocked"
  | "threadExists";

// Status, code and text of Discord's errors.
const ERRORS: Readonly<Record<RestErrorName, readonly [number, number, string]>> = {
  unauthorized: [401, 0, "401: Unauthorized"],
  notFound: [404, 0, "404: Not Found"],
  methodNotAllowed: [405, 0, "405: Method Not Allowed"],
  unknownChannel: [404, 10_003, "Unknown Channel"],
  unknownGuild: [404, 10_004, "Unknown Guild"],
  unknownInvite: [404, 10_006, "Unknown Invite"],
  unknownMember: [404, 10_007, "Unknown Member"],
  unknownMessage: [404, 10_008, "Unknown Message"],
  unknownOverwrite: [404, 10_009, "Unknown Permission Overwrite"],
  unknownRole: [404, 10_011, "Unknown Role"],
  unknownUser: [404, 10_013, "Unknown User"],
  unknownEmoji: [400, 10_014, "Unknown Emoji"],
  unknownWebhook: [404, 10_015, "Unknown Webhook"],
  unknownBan: [404, 10_026, "Unknown Ban"],
  unknownInteraction: [404, 10_062, "Unknown interaction"],
  unknownCommand: [404, 10_063, "Unknown application command"],
  wrongApplication: [403, 20_012, "You are not authorized to perform this action on this application"],
  tooManyPins: [400, 30_003, "Maximum number of pins reached (250)"],
  tooManyReactions: [400, 30_010, "Maximum number of reactions reached (20)"],
  tooLarge: [413, 40_005, "Request entity too large"],
  alreadyAcknowledged: [400, 40_060, "Interaction has already been acknowledged."],
  missingAccess: [403, 50_001, "Missing Access"],
  notInDm: [403, 50_003, "Cannot execute action on a DM channel"],
  cannotEditOthers: [403, 50_005, "Cannot edit a message authored by another user"],
  emptyMessage: [400, 50_006, "Cannot send an empty message"],
  cannotMessageUser: [403, 50_007, "Cannot send messages to this user"],
  cannotSendInChannel: [400, 50_008, "Cannot send messages in a non-text channel"],
  missingPermissions: [403, 50_013, "Missing Permissions"],
  bulkDeleteCount: [
    400,
    50_016,
    "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete.",
  ],
  wrongChannelType: [400, 50_024, "Cannot execute action on this channel type"],
  invalidWebhookToken: [401, 50_027, "Invalid Webhook Token"],
  tooOldForBulkDelete: [400, 50_034, "A message provided was too old to bulk delete"],
  invalidForm: [400, 50_035, "Invalid Form Body"],
  invalidVersion: [400, 50_041, "Invalid API version provided"],
  archivedThread: [400, 50_083, "Thread is archived"],
  invalidJson: [400, 50_109, "The request body contains invalid JSON."],
  reactionBlocked: [403, 90_001, "Reaction was blocked"],
  threadExists: [400, 160_004, "A thread has already been created for this message"],
};

/** A failure as Discord words it: thrown in a route, sent as its body. */
export class RestError extends Error {
  override readonly name: string = "RestError";
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;

  /** @param details Field errors of an invalid form: `{ content: { _errors: [{ code, message }] } }`. */
  constructor(name: RestErrorName, details?: object) {
    const [status, code, message] = ERRORS[name];
    super(message);
    this.status = status;
    this.body = { message, code, ...(details && { errors: details }) };
  }
}
