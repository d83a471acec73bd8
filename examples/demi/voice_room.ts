import { type RawData, WebSocket } from "ws";
import type { ClockTimer } from "../../lib/base/clock.ts";
import { systemClock } from "../../lib/base/system_clock.ts";
import { RecentIds } from "./recent_ids.ts";
import type { VoiceAccess } from "./speech.ts";
import { SAMPLE_RATE } from "./wav_sound.ts";

// A wire's own liveness runs on real time, whatever clock Demi lives on.
const HANDSHAKE_TIMEOUT_MS = 5000;
const READY_TIMEOUT_MS = 5000;
const PING_MS = 15_000;
const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_UTTERANCE_BYTES = 2 * SAMPLE_RATE * 300;

/** Something that was said in the room. */
export interface HeardUtterance {
  readonly user: string;
  readonly itemId: string;
  readonly pcm: Buffer;
}

/** Told of what happens in the room. */
export interface RoomListener {
  /** Something came. */
  onTouch(): void;
  /** How long a sign of life took. */
  onLatency(ms: number): void;
  /** Somebody begins to speak, or spoke into what she says: she must be silent. */
  onUserSpeaks(): void;
  onUserStopped(): void;
  onUtterance(utterance: HeardUtterance): void;
  /** A frame that is no message. */
  onGarbage(error: unknown): void;
}

/** The room did not let her in, or the connection to it ended. */
export class RoomLostError extends Error {
  override readonly name: string = "RoomLostError";
  /** HTTP status of a refusal, or close code. */
  readonly code: string;

  constructor(code: string) {
    super(`Cannot stay in the voice room: ${code}`);
    this.code = code;
  }
}

/** One connection to the voice room. */
export class VoiceRoom {
  /** Rejects with a {@linkcode RoomLostError} when the connection ends. */
  readonly lost: Promise<never>;
  readonly #socket: WebSocket;
  readonly #listener: RoomListener;
  readonly #ready = Promise.withResolvers<void>();
  readonly #seen = new RecentIds();
  #heard: { readonly itemId: string; bytes: number; readonly frames: Buffer[] } | undefined;
  #pings: ClockTimer | undefined;
  #pingSentAt: number | undefined;

  private constructor(access: VoiceAccess, listener: RoomListener) {
    this.#listener = listener;
    const headers = { authorization: `Bearer ${access.token}` };
    const options = { headers, handshakeTimeout: HANDSHAKE_TIMEOUT_MS, maxPayload: MAX_FRAME_BYTES };
    const socket = new WebSocket(`${access.url.replace(/^http/, "ws")}/room`, options);
    this.#socket = socket;
    const { promise, reject } = Promise.withResolvers<never>();
    this.lost = promise;
    promise.catch(() => undefined);
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      reject(new RoomLostError(`HTTP ${response.statusCode}`));
      socket.terminate();
    });
    socket.on("error", (error) => reject(error));
    socket.on("close", (code) => {
      this.#pings?.cancel();
      reject(new RoomLostError(String(code)));
    });
    socket.on("message", (data, isBinary) => this.#take(data as Buffer, isBinary));
    socket.on("pong", () => this.#pong());
  }

  /** Enters the room. @throws {RoomLostError} If it does not let her in; whatever the connection fails with. */
  static async enter(access: VoiceAccess, listener: RoomListener): Promise<VoiceRoom> {
    const room = new VoiceRoom(access, listener);
    const patience = systemClock.setTimer(() => room.reset(), READY_TIMEOUT_MS);
    try {
      await Promise.race([room.#ready.promise, room.lost]);
    } finally {
      patience.cancel();
    }
    room.#pings = systemClock.setRepeating(() => room.#ping(), PING_MS, { keepAlive: false });
    return room;
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Begins to speak: an answer, or of her own accord. */
  startReply(inReplyTo: string | undefined): void {
    this.#tell({ type: "reply_started", in_reply_to: inReplyTo ?? null });
  }

  sendAudio(pcm: Buffer): void {
    if (this.isOpen) this.#socket.send(pcm);
  }

  stopReply(): void {
    this.#tell({ type: "reply_stopped" });
  }

  /** Says that there will be no answer. */
  skipReply(inReplyTo: string): void {
    this.#tell({ type: "reply_skipped", in_reply_to: inReplyTo });
  }

  leave(): void {
    this.#socket.close(1000);
  }

  /** No goodbye: the connection is reset. */
  reset(): void {
    const { _socket } = this.#socket as unknown as { readonly _socket?: { resetAndDestroy?(): void } | null };
    _socket?.resetAndDestroy?.();
    this.#socket.terminate();
  }

  #tell(message: object): void {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  #take(data: RawData & Buffer, isBinary: boolean): void {
    this.#listener.onTouch();
    if (isBinary) return this.#takeAudio(data);
    try {
      this.#takeMessage(JSON.parse(data.toString()) as Record<string, unknown>);
    } catch (error) {
      this.#listener.onGarbage(error);
    }
  }

  #takeAudio(pcm: Buffer): void {
    const heard = this.#heard;
    if (!heard || heard.bytes > MAX_UTTERANCE_BYTES) return;
    heard.bytes += pcm.length;
    heard.frames.push(pcm);
  }

  #takeMessage({ type, user, item_id }: Record<string, unknown>): void {
    const itemId = String(item_id);
    if (type === "ready") this.#ready.resolve();
    if (type === "interrupted") this.#listener.onUserSpeaks();
    if (type === "speech_started") {
      this.#heard = { itemId, bytes: 0, frames: [] };
      this.#listener.onUserSpeaks();
    }
    if (type !== "speech_stopped") return;
    this.#listener.onUserStopped();
    const heard = this.#heard;
    if (heard?.itemId !== itemId || !this.#seen.add(itemId)) return; // told twice, or not heard from its beginning
    this.#heard = undefined;
    this.#listener.onUtterance({ user: String(user), itemId, pcm: Buffer.concat(heard.frames) });
  }

  /** Asks for a sign of life; a connection that still owes the last one is dead. */
  #ping(): void {
    if (this.#pingSentAt !== undefined) return this.#socket.terminate();
    this.#pingSentAt = systemClock.monotonicMs();
    this.#socket.ping();
  }

  #pong(): void {
    if (this.#pingSentAt !== undefined)
      this.#listener.onLatency(systemClock.monotonicMs() - this.#pingSentAt);
    this.#pingSentAt = undefined;
    this.#listener.onTouch();
  }
}
