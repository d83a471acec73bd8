import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { sign, verify } from "hono/jwt";
import type { Clock } from "../../lib/base/clock.ts";
import type { Storage } from "./storage.ts";

/** Answer to a login or a refresh. */
export interface TokenPair {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: "bearer";
  /** Life of the access token in seconds. */
  readonly expires_in: number;
  readonly user_id: string;
  readonly session_id: string;
}

/** One device of a user. */
export interface Session {
  readonly id: string;
  readonly userId: string;
  readonly deviceName: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
}

/** What a login asks for. */
export interface Login {
  readonly email: string;
  readonly password: string;
  readonly deviceName: string;
  readonly deviceFingerprint: string;
}

const ACCESS_SECONDS = 30 * 60;
const REFRESH_SECONDS = 7 * 24 * 3600;
const KEY_BYTES = 32;
const deriveKey: (password: string, salt: Buffer, length: number) => Promise<Buffer> = promisify(scrypt);

/** Users, their devices and tokens. Tokens expire on the clock; sessions survive a restart. */
export class Accounts {
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #secret: string;

  constructor(storage: Storage, clock: Clock) {
    this.#db = storage.db;
    this.#clock = clock;
    this.#secret = storage.secret("jwt");
  }

  /** Tokens for a new session, or `undefined` for a wrong password. An unknown email becomes a user. */
  async login(login: Login): Promise<TokenPair | undefined> {
    const userId = await this.#authenticate(login.email.trim().toLowerCase(), login.password);
    if (userId === undefined) return undefined;
    const sessionId = randomUUID();
    const now = this.#clock.now();
    this.#db
      .prepare(
        `INSERT INTO sessions (id, user_id, device_name, device_fingerprint, refresh_id, created_at, last_seen_at)
         VALUES (?, ?, ?, ?, '', ?, ?)`,
      )
      .run(sessionId, userId, login.deviceName, login.deviceFingerprint, now, now);
    return this.#issue(sessionId, userId);
  }

  /** New tokens for a refresh token, which is used up by it; `undefined` if it is not valid. */
  async refresh(token: string): Promise<TokenPair | undefined> {
    const claims = await this.#verify(token, "refresh");
    const session = claims && this.#db.prepare("SELECT * FROM sessions WHERE id = ?").get(claims.sid);
    if (!session || session["refresh_id"] !== claims.jti) return undefined;
    return this.#issue(claims.sid, claims.sub);
  }

  /** The session that an access token speaks for; `undefined` if it is not valid, expired, or signed out. */
  async authorize(token: string): Promise<Session | undefined> {
    const claims = await this.#verify(token, "access");
    if (!claims) return undefined;
    const { changes } = this.#db
      .prepare("UPDATE sessions SET last_seen_at = ? WHERE id = ? AND user_id = ?")
      .run(this.#clock.now(), claims.sid, claims.sub);
    return changes > 0 ? this.sessions(claims.sub).find(({ id }) => id === claims.sid) : undefined;
  }

  /** Devices of a user, newest first. */
  sessions(userId: string): readonly Session[] {
    const rows = this.#db
      .prepare("SELECT * FROM sessions WHERE user_id = ? ORDER BY created_at DESC")
      .all(userId);
    return rows.map((row) => ({
      id: String(row["id"]),
      userId,
      deviceName: String(row["device_name"]),
      createdAt: Number(row["created_at"]),
      lastSeenAt: Number(row["last_seen_at"]),
    }));
  }

  /** Signs a device out and returns whether there was one. */
  revoke(userId: string, sessionId: string): boolean {
    const remove = this.#db.prepare("DELETE FROM sessions WHERE id = ? AND user_id = ?");
    return remove.run(sessionId, userId).changes > 0;
  }

  async #authenticate(email: string, password: string): Promise<string | undefined> {
    const find = this.#db.prepare("SELECT id, password_hash FROM users WHERE email = ?");
    if (find.get(email) === undefined) {
      this.#db
        .prepare("INSERT OR IGNORE INTO users (id, email, password_hash, created_at) VALUES (?, ?, ?, ?)")
        .run(randomUUID(), email, await hashPassword(password), this.#clock.now());
    }
    const user = find.get(email)!; // read again: two devices may have registered at the same time
    const matches = await checkPassword(password, String(user["password_hash"]));
    return matches ? String(user["id"]) : undefined;
  }

  async #issue(sessionId: string, userId: string): Promise<TokenPair> {
    const iat = Math.floor(this.#clock.now() / 1000);
    const jti = randomUUID();
    const claims = { sub: userId, sid: sessionId, jti, iat };
    const access = { ...claims, use: "access", exp: iat + ACCESS_SECONDS };
    const refresh = { ...claims, use: "refresh", exp: iat + REFRESH_SECONDS };
    this.#db.prepare("UPDATE sessions SET refresh_id = ? WHERE id = ?").run(jti, sessionId);
    return {
      access_token: await sign(access, this.#secret, "HS256"),
      refresh_token: await sign(refresh, this.#secret, "HS256"),
      token_type: "bearer",
      expires_in: ACCESS_SECONDS,
      user_id: userId,
      session_id: sessionId,
    };
  }

  async #verify(token: string, use: "access" | "refresh"): Promise<Claims | undefined> {
    try {
      // the library compares with the host's time: Demi's is the clock
      const untimed = { alg: "HS256", exp: false, nbf: false, iat: false } as const;
      const claims = (await verify(token, this.#secret, untimed)) as unknown as Claims;
      return claims.use === use && claims.exp * 1000 > this.#clock.now() ? claims : undefined;
    } catch {
      return undefined;
    }
  }
}

interface Claims {
  readonly sub: string;
  readonly sid: string;
  readonly jti: string;
  readonly use: string;
  readonly exp: number;
}

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await deriveKey(password, salt, KEY_BYTES);
  return `${salt.toString("hex")}:${key.toString("hex")}`;
}

async function checkPassword(password: string, hash: string): Promise<boolean> {
  const [salt = "", key = ""] = hash.split(":");
  const given = await deriveKey(password, Buffer.from(salt, "hex"), KEY_BYTES);
  return timingSafeEqual(given, Buffer.from(key, "hex"));
}
