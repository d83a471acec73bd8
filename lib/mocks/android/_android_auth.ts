import { type Agent, request } from "undici";
import { type AndroidTokens, parseTokens } from "./_android_wire.ts";

/** The companion refused a login, a token or a connection. */
export class AndroidAuthError extends Error {
  override readonly name: string = "AndroidAuthError";
  /** HTTP status of the refusal. */
  readonly status: number;

  constructor(what: string, status: number, detail: string) {
    super(`Cannot ${what}: the companion answered ${status}${detail ? ` (${detail})` : ""}`);
    this.status = status;
  }
}

/** Who logs in. */
export interface AndroidLogin {
  readonly email: string;
  readonly password: string;
  readonly deviceName: string;
}

const TIMEOUT_MS = 10_000;

/** @throws {AndroidAuthError} If the companion says no. */
export function login(
  url: string,
  { email, password, deviceName }: AndroidLogin,
  agent: Agent,
): Promise<AndroidTokens> {
  const device = { device_name: deviceName, device_fingerprint: `mock-${deviceName}` };
  return post("log in", `${url}/api/v1/auth/login`, { email, password, ...device }, agent);
}

/** @throws {AndroidAuthError} If the companion says no. */
export function refresh(url: string, refreshToken: string, agent: Agent): Promise<AndroidTokens> {
  return post("refresh the login", `${url}/api/v1/auth/refresh`, { refresh_token: refreshToken }, agent);
}

async function post(what: string, url: string, body: object, dispatcher: Agent): Promise<AndroidTokens> {
  const response = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    dispatcher,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new AndroidAuthError(what, response.statusCode, detailOf(text));
  return parseTokens(JSON.parse(text));
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === "string" ? detail : "";
  } catch {
    return ""; // a proxy's page, nothing to quote
  }
}
