import type { AndroidHttp } from "./_android_http.ts";
import type { AndroidMobileOptions, AndroidV1Options, MockAndroidOptions } from "./android_options.ts";
import {
  type AndroidFrame,
  type AndroidTokens,
  parseTokens,
  parseV1Frame,
  toRecord,
  toText,
  wrong,
} from "./_android_wire.ts";
import { mobileParser } from "./_mobile_wire.ts";

/** Who is logged in, and until when. */
export interface AndroidLogin {
  readonly userId: string;
  readonly sessionId: string;
  /** Undefined where there are none. */
  readonly tokens?: AndroidTokens | undefined;
}

/** What differs between the two APIs. */
export interface AndroidProtocol {
  /** The frame with which the companion says that the chat is open. */
  readonly greeting: "history" | "connected";
  logIn(http: AndroidHttp, url: string): Promise<AndroidLogin>;
  chatPath(login: AndroidLogin): string;
  /**
   * A parser of the frames of one connection.
   *
   * @param index Position among the connections of its client.
   */
  parser(index: number, now: () => number): (text: string) => AndroidFrame;
  encodeMessage(text: string, createdAt: string | undefined): object;
  /** Undefined where the wire has no such thing. */
  readonly encodeReceipt: ((messageId: string) => object) | undefined;
  readonly encodePing: (() => object) | undefined;
}

export function makeProtocol(options: MockAndroidOptions): AndroidProtocol {
  return options.protocol === "mobile" ? makeMobile(options) : makeV1(options);
}

function makeV1({ email, password, deviceName, deviceFingerprint }: AndroidV1Options): AndroidProtocol {
  const body = {
    email,
    password,
    device_name: deviceName,
    device_fingerprint: deviceFingerprint ?? `mock-${deviceName}`,
  };
  return {
    greeting: "history",
    async logIn(http, url) {
      const path = "/api/v1/auth/login";
      return toLogin(parseTokens(await http.send(url, { what: "log in", method: "POST", path, body })));
    },
    chatPath: ({ tokens }) => `/api/v1/chat/ws?token=${encodeURIComponent(tokens?.accessToken ?? "")}`,
    parser: () => parseV1Frame,
    encodeMessage: (content, createdAt) => ({
      event: "message",
      data: { content, ...(createdAt !== undefined && { created_at: createdAt }) },
    }),
    encodeReceipt: (messageId) => ({ event: "read_receipt", data: { message_id: messageId } }),
    encodePing: () => ({ event: "ping" }),
  };
}

/** A login from tokens of the v1 API. */
export function toLogin(tokens: AndroidTokens): AndroidLogin {
  return { userId: tokens.userId, sessionId: tokens.sessionId, tokens };
}

function makeMobile({ userId }: AndroidMobileOptions): AndroidProtocol {
  const user = encodeURIComponent(userId);
  return {
    greeting: "connected",
    async logIn(http, url) {
      const path = `/api/auth/login?user_id=${user}`;
      const answer = toRecord(await http.send(url, { what: "log in", method: "POST", path }), "login");
      if (answer["success"] !== true) throw wrong("success", "true", answer["success"]);
      return { userId: toText(answer, "user_id"), sessionId: toText(answer, "session_id") };
    },
    chatPath: () => `/ws/chat/${user}`,
    parser: (index, now) => mobileParser(`mobile-${index}`, now),
    encodeMessage: (message, createdAt) => ({
      message,
      ...(createdAt !== undefined && { created_at: createdAt }),
    }),
    encodeReceipt: undefined,
    encodePing: undefined,
  };
}
