import { type Agent, request } from "undici";
import type { CallLog } from "../call_log.ts";
import type { AndroidCall } from "./android_options.ts";
import { AndroidAuthError, AndroidFrameError } from "./_android_errors.ts";

const TIMEOUT_MS = 10_000;

/** A request of the app. */
export interface AndroidRequest {
  /** Ends the sentence "Cannot ...". */
  readonly what: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** Path, and query if there is one. */
  readonly path: string;
  readonly body?: object | undefined;
  readonly token?: string | undefined;
}

/** The app's HTTP requests to its companion. */
export class AndroidHttp {
  readonly #agent: Agent;
  readonly #calls: CallLog<AndroidCall>;

  constructor(agent: Agent, calls: CallLog<AndroidCall>) {
    this.#agent = agent;
    this.#calls = calls;
  }

  /**
   * The JSON that answers a request; undefined for an answer without a body.
   *
   * @throws {AndroidAuthError} If the companion says no.
   * @throws {AndroidFrameError} If the answer is not JSON.
   */
  async send(url: string, { what, method, path, body, token }: AndroidRequest): Promise<unknown> {
    const response = await request(`${url}${path}`, {
      method,
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { statusCode: status } = response;
    this.#calls.record({ kind: "http", what: `${method} ${path.replace(/[?].*/, "")}`, status });
    const text = await response.body.text();
    if (status < 200 || status > 299) throw new AndroidAuthError(what, status, detailOf(text));
    if (text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw new AndroidFrameError(`the answer to ${method}`, "JSON", `a text of length ${text.length}`); // may be a token
    }
  }
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === "string" ? detail : "";
  } catch {
    return ""; // a proxy's page, nothing to quote
  }
}
