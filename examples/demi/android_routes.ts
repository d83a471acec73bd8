import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Accounts, Login, Session } from "./accounts.ts";

const MAX_BODY_BYTES = 16 * 1024;

/**
 * Routes of the Android v1 API that deal with accounts, below `/api/v1/auth`.
 *
 * @param onRevoke Called with the id of a session that was signed out.
 */
export function androidRoutes(accounts: Accounts, onRevoke: (sessionId: string) => void): Hono {
  const app = new Hono();
  app.post("/login", async (c) => {
    const login = parseLogin(await readJson(c.req.raw));
    if (typeof login === "string") return c.json({ detail: login }, 422);
    const tokens = await accounts.login(login);
    return tokens ? c.json(tokens) : c.json({ detail: "The password is wrong" }, 401);
  });
  app.post("/refresh", async (c) => {
    const { refresh_token: token } = await readJson(c.req.raw);
    if (typeof token !== "string") return c.json({ detail: "'refresh_token' must be a text" }, 422);
    const tokens = await accounts.refresh(token);
    return tokens ? c.json(tokens) : c.json({ detail: "The refresh token is not valid" }, 401);
  });
  app.get("/sessions", async (c) => {
    const session = await authorize(accounts, c.req.header("authorization"));
    if (!session) return c.json({ detail: "The access token is not valid" }, 401);
    const sessions = accounts.sessions(session.userId).map((each) => toWire(each, session));
    return c.json({ sessions, count: sessions.length });
  });
  app.delete("/sessions/:id", async (c) => {
    const session = await authorize(accounts, c.req.header("authorization"));
    if (!session) return c.json({ detail: "The access token is not valid" }, 401);
    const id = c.req.param("id");
    if (!accounts.revoke(session.userId, id)) return c.json({ detail: "There is no such session" }, 404);
    onRevoke(id);
    return c.body(null, 204);
  });
  return app;
}

/** The JSON object that is a request's body, or an empty one for anything else. */
async function readJson(request: Request): Promise<Record<string, unknown>> {
  const text = await readText(request);
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

// hono's own limit makes a new Request of the adapter's, which Node refuses for a body without a length.
async function readText({ body }: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new HTTPException(413, { message: "The body is too large" });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The login that a body asks for, or what is wrong with it. */
function parseLogin(body: Record<string, unknown>): Login | string {
  const {
    email,
    password,
    device_name: deviceName = "unknown",
    device_fingerprint: deviceFingerprint = "",
  } = body;
  if (typeof email !== "string" || !/^\S+@\S+$/.test(email)) return "'email' must be an email address";
  if (typeof password !== "string" || password === "") return "'password' must be a text that is not empty";
  if (typeof deviceName !== "string") return "'device_name' must be a text";
  if (typeof deviceFingerprint !== "string") return "'device_fingerprint' must be a text";
  return { email, password, deviceName, deviceFingerprint };
}

function authorize(accounts: Accounts, header: string | undefined): Promise<Session | undefined> {
  const token = /^Bearer (\S+)$/i.exec(header ?? "")?.[1];
  return token === undefined ? Promise.resolve(undefined) : accounts.authorize(token);
}

function toWire(session: Session, current: Session): object {
  return {
    session_id: session.id,
    device_name: session.deviceName,
    created_at: new Date(session.createdAt).toISOString(),
    last_seen_at: new Date(session.lastSeenAt).toISOString(),
    is_current: session.id === current.id,
  };
}
