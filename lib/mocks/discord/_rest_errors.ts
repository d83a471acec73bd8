import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** Name of an error of the REST API. */
export type RestErrorName =
  | "unauthorized"
  | "notFound"
  | "unknownChannel"
  | "unknownGuild"
  | "unknownMember"
  | "unknownMessage"
  | "unknownUser"
  | "tooLarge"
  | "cannotEditOthers"
  | "emptyMessage"
  | "cannotMessageUser"
  | "invalidForm"
  | "invalidJson";

// Status, code and text of Discord's errors.
const ERRORS: Readonly<Record<RestErrorName, readonly [ContentfulStatusCode, number, string]>> = {
  unauthorized: [401, 0, "401: Unauthorized"],
  notFound: [404, 0, "404: Not Found"],
  unknownChannel: [404, 10_003, "Unknown Channel"],
  unknownGuild: [404, 10_004, "Unknown Guild"],
  unknownMember: [404, 10_007, "Unknown Member"],
  unknownMessage: [404, 10_008, "Unknown Message"],
  unknownUser: [404, 10_013, "Unknown User"],
  tooLarge: [413, 40_005, "Request entity too large"],
  cannotEditOthers: [403, 50_005, "Cannot edit a message authored by another user"],
  emptyMessage: [400, 50_006, "Cannot send an empty message"],
  cannotMessageUser: [403, 50_007, "Cannot send messages to this user"],
  invalidForm: [400, 50_035, "Invalid Form Body"],
  invalidJson: [400, 50_109, "The request body contains invalid JSON."],
};

/** A failure as Discord words it: thrown in a route, sent as its body. */
export class RestError extends HTTPException {
  /** @param details Field errors of an invalid form: `{ content: { _errors: [{ code, message }] } }`. */
  constructor(name: RestErrorName, details?: object) {
    const [status, code, message] = ERRORS[name];
    const body = JSON.stringify({ message, code, ...(details && { errors: details }) });
    const headers = { "content-type": "application/json" };
    super(status, { message, res: new Response(body, { status, headers }) });
  }
}
