import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../lib/base/clock.ts";
import type { EmotionName, EmotionValues } from "../../lib/emotion/emotional_state.ts";
import { openDatabase, setAside } from "./database.ts";
import { type DemiState, isDemiState } from "./emotions.ts";
import { sealFile } from "./seal.ts";

/** A message of a conversation, as it is kept. Times are epoch ms. */
export interface StoredMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly platform: string;
  readonly sender: "user" | "demi";
  readonly content: string;
  /** The nine values after this message; only on Demi's own. */
  readonly emotions: EmotionValues | undefined;
  readonly createdAt: number;
  readonly deliveredAt: number | undefined;
  readonly readAt: number | undefined;
}

/** An unprompted thought. */
export interface Ramble {
  readonly id: string;
  readonly content: string;
  /** The emotion that made her speak. */
  readonly emotion: EmotionName;
  readonly createdAt: number;
}

/** A new message, not yet delivered, with an id of its own. */
export function newMessage(
  message: Pick<StoredMessage, "conversationId" | "platform" | "sender" | "content" | "createdAt"> & {
    readonly emotions?: EmotionValues | undefined;
  },
): StoredMessage {
  return { id: randomUUID(), emotions: undefined, deliveredAt: undefined, readAt: undefined, ...message };
}

/** Demi's memory: one SQLite file, the only state she has. Every write is on the disk when the call returns. */
export class Storage implements Disposable {
  readonly db: DatabaseSync;
  readonly #clock: Clock;

  private constructor(db: DatabaseSync, clock: Clock) {
    this.db = db;
    this.#clock = clock;
  }

  /** @throws As `openDatabase` does. */
  static open(directory: string, clock: Clock): Storage {
    return new Storage(openDatabase(directory, clock), clock);
  }

  /**
   * The saved emotional state, or `undefined` for a Demi who was never saved.
   *
   * @throws {StorageCorruptError} If the state cannot be understood; the database was closed and set aside.
   */
  loadState(): DemiState | undefined {
    const row = this.db.prepare("SELECT state FROM emotions WHERE id = 1").get();
    if (row === undefined) return undefined;
    const state = parseJson(String(row["state"]));
    if (isDemiState(state)) return state;
    const path = join(this.db.location() ?? "");
    this.db.close();
    throw setAside(path, "an emotional state that cannot be read", this.#clock);
  }

  saveState(state: DemiState): void {
    this.db
      .prepare("INSERT OR REPLACE INTO emotions (id, state, saved_at) VALUES (1, ?, ?)")
      .run(JSON.stringify(state), this.#clock.now());
  }

  /** Saves the state and the messages that belong to it, all or nothing. */
  commit(state: DemiState, messages: readonly StoredMessage[]): void {
    this.#transaction(() => {
      this.saveState(state);
      for (const message of messages) this.#insert(message);
    });
  }

  /** Saves a ramble with the messages that carry it, all or nothing. */
  commitRamble(ramble: Ramble, messages: readonly StoredMessage[]): void {
    this.#transaction(() => {
      this.db
        .prepare("INSERT INTO rambles (id, content, emotion, created_at) VALUES (?, ?, ?, ?)")
        .run(ramble.id, ramble.content, ramble.emotion, ramble.createdAt);
      for (const message of messages) this.#insert(message);
    });
  }

  /** The latest `limit` messages of a conversation, oldest first. */
  history(conversationId: string, limit: number): readonly StoredMessage[] {
    const rows = this.db
      .prepare("SELECT * FROM messages WHERE conversation_id = ? ORDER BY seq DESC LIMIT ?")
      .all(conversationId, limit);
    return rows.toReversed().map(toMessage);
  }

  markDelivered(ids: readonly string[], at: number): void {
    const mark = this.db.prepare("UPDATE messages SET delivered_at = coalesce(delivered_at, ?) WHERE id = ?");
    this.#transaction(() => ids.forEach((id) => mark.run(at, id)));
  }

  /** Marks one of Demi's messages as read and returns whether the conversation has it. */
  markRead(conversationId: string, id: string, at: number): boolean {
    const { changes } = this.db
      .prepare(
        `UPDATE messages SET read_at = coalesce(read_at, ?), delivered_at = coalesce(delivered_at, ?)
         WHERE id = ? AND conversation_id = ? AND sender = 'demi'`,
      )
      .run(at, at, id, conversationId);
    return changes > 0;
  }

  /** The latest rambles, newest first. */
  rambles(limit: number): readonly Ramble[] {
    const rows = this.db.prepare("SELECT * FROM rambles ORDER BY created_at DESC LIMIT ?").all(limit);
    return rows.map((row) => ({
      id: String(row["id"]),
      content: String(row["content"]),
      emotion: String(row["emotion"]) as EmotionName,
      createdAt: Number(row["created_at"]),
    }));
  }

  /** A random text of 256 bits that stays the same for the life of the database. */
  secret(name: string): string {
    const fresh = randomUUID() + randomUUID();
    this.db.prepare("INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)").run(name, fresh);
    return String(this.db.prepare("SELECT value FROM secrets WHERE name = ?").get(name)?.["value"]);
  }

  /** Closes the database for a while in which nobody is to write to it. */
  closeForSleep(): void {
    const path = this.db.location()!;
    this[Symbol.dispose]();
    sealFile(path);
  }

  [Symbol.dispose](): void {
    if (this.db.isOpen) this.db.close();
  }

  #transaction(work: () => void): void {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.db.exec("COMMIT");
    } catch (error) {
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw error;
    }
  }

  #insert(message: StoredMessage): void {
    this.db
      .prepare(
        `INSERT INTO messages (id, conversation_id, platform, sender, content, emotion_state, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        message.id,
        message.conversationId,
        message.platform,
        message.sender,
        message.content,
        message.emotions ? JSON.stringify(message.emotions) : null,
        message.createdAt,
      );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toTime(value: unknown): number | undefined {
  return value === null ? undefined : Number(value);
}

function toMessage(row: Record<string, unknown>): StoredMessage {
  const emotions = row["emotion_state"];
  return {
    id: String(row["id"]),
    conversationId: String(row["conversation_id"]),
    platform: String(row["platform"]),
    sender: row["sender"] === "demi" ? "demi" : "user",
    content: String(row["content"]),
    emotions: typeof emotions === "string" ? (parseJson(emotions) as EmotionValues) : undefined,
    createdAt: Number(row["created_at"]),
    deliveredAt: toTime(row["delivered_at"]),
    readAt: toTime(row["read_at"]),
  };
}
