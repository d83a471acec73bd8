import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import type { ClockLedger } from "../_clock_ledger.ts";
import type { CallLog } from "../call_log.ts";
import type { FaultInjector } from "../faults/fault_injector.ts";
import type { Activity } from "./_activity.ts";
import { HeardReply, type ReplyEnd } from "./_heard_reply.ts";
import { RoomReplies } from "./_room_replies.ts";
import { MANNERS_MS, type RoomRules } from "./_room_rules.ts";
import { RoomSession } from "./_room_session.ts";
import { type ClientMessage, parseClientMessage } from "./_room_wire.ts";
import { SAMPLE_RATE } from "./_tone_code.ts";
import { TurnTaking } from "./_turn_taking.ts";
import { Utterance } from "./_utterance.ts";
import { UtterancePacer } from "./_utterance_pacer.ts";
import { fromPcm } from "./_wav.ts";
import type { RoomFault, VoiceFault } from "./voice_faults.ts";
import type { SayOptions, VoiceCall } from "./voice_options.ts";

const MAX_FRAME_BYTES = 1024 * 1024;
const LONGEST_FRAME_MS = 100;
const KEPT_UTTERANCES = 1000;
// Real time in which a companion learns that a user speaks, and falls silent: a virtual clock stands meanwhile.
const LEARN_MS = 2;
const FALL_SILENT_MS = 100;

/** What a room needs. */
export interface RoomOptions {
  readonly clock: Clock;
  readonly ledger: ClockLedger;
  readonly activity: Activity;
  readonly faults: FaultInjector<VoiceFault>;
  readonly rules: RoomRules;
  readonly calls: CallLog<VoiceCall>;
  readonly frameMs: number;
  readonly endSilenceMs: number;
  readonly replyPatienceMs: number;
  readonly onConnected: () => void;
}

/** The voice room: users who speak in turn, and companions that listen and answer. */
export class Room {
  readonly replies: RoomReplies = new RoomReplies();
  readonly #options: RoomOptions;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES });
  readonly #sessions = new Set<RoomSession>();
  readonly #utterances = new Map<string, Utterance>();
  /** What is being heard, and from whom; also when its sender is ahead and has sent all. */
  readonly #playing = new Map<HeardReply, RoomSession>();
  readonly #turns: TurnTaking;
  readonly #closed = new AbortController();
  #speaking: UtterancePacer | undefined;
  #connections = 0;
  #unprompted = 0;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#turns = new TurnTaking(options.clock, () => this.#letSpeak());
  }

  get sessions(): ReadonlySet<RoomSession> {
    return this.#sessions;
  }

  /** Lets a companion in, whose token has been looked at. */
  admit(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (connection) => this.#welcome(connection));
  }

  /** A user says something, now or when it is the user's turn. */
  say(user: string, samples: Int16Array<ArrayBuffer>, number: number, options: SayOptions): Utterance {
    const utterance = new Utterance(`item_${number}`, user, samples, options);
    this.#utterances.set(utterance.id, utterance);
    if (this.#utterances.size > KEPT_UTTERANCES)
      this.#utterances.delete(this.#utterances.keys().next().value!);
    this.#turns.enqueue(utterance);
    return utterance;
  }

  /** Ends every connection, by a reset. */
  drop(): void {
    for (const session of this.#sessions) session.drop();
  }

  close(): void {
    this.#closed.abort();
    this.#turns.close();
    for (const utterance of this.#utterances.values()) utterance.release();
    for (const reply of this.#playing.keys()) reply.end("lost");
    this.#sockets.close();
  }

  #welcome(connection: WebSocket): void {
    const session = new RoomSession(`session_${this.#connections++}`, connection);
    this.#sessions.add(session);
    this.#note("connected", 101);
    session.on(
      (text) => this.#takeText(session, text),
      (pcm) => this.#takeAudio(session, pcm),
      () => this.#lost(session),
    );
    session.tell({ type: "ready", session_id: session.id, sample_rate: SAMPLE_RATE });
    this.#options.onConnected();
  }

  #lost(session: RoomSession): void {
    this.#sessions.delete(session);
    this.#note("disconnected");
    session.reply?.lose();
    session.reply = undefined;
    for (const utterance of this.#utterances.values()) {
      const wasHeard = utterance.audience.includes(session);
      if (wasHeard && !utterance.audience.some(({ isOpen }) => isOpen)) this.#settle(utterance);
    }
  }

  // --- users ---

  #letSpeak(): void {
    if (this.#speaking || this.#closed.signal.aborted) return;
    const hearers = [...this.#playing.keys()].map(
      ({ inReplyTo }) => this.#utterances.get(inReplyTo ?? "")?.user,
    );
    const utterance = this.#turns.takeNext(hearers);
    if (!utterance) return;
    utterance.audience = [...this.#sessions];
    if (utterance.audience.length === 0) {
      utterance.state = "lost";
      utterance.samples = new Int16Array();
      return this.#letSpeak();
    }
    void this.#speak(utterance);
  }

  async #speak(utterance: Utterance): Promise<void> {
    const { faults, clock, ledger, frameMs, endSilenceMs } = this.#options;
    const fault = faults.strike(isRoomFault, utterance.id);
    const pacer = new UtterancePacer(utterance, { clock, ledger, frameMs, endSilenceMs, fault });
    this.#speaking = pacer;
    if (fault?.kind === "room-garbage") {
      for (const session of utterance.audience) session.sendText(`{"type": "speech_sta`);
    }
    try {
      await pacer.run(this.#closed.signal, {
        onStart: () => this.#userSpeaks(),
        onStop: () => this.#userStopped(utterance),
      });
    } finally {
      this.#speaking = undefined;
      this.#letSpeak();
    }
  }

  #userSpeaks(): void {
    const { clock } = this.#options;
    const silent = [...this.#playing].map(([reply, session]) => this.#interrupt(session, reply));
    if (clock === systemClock) return;
    const patience = systemClock.sleep(silent.length > 0 ? FALL_SILENT_MS : LEARN_MS, { keepAlive: false });
    const work = silent.length > 0 ? Promise.race([Promise.all(silent), patience]) : patience;
    void clock.track(work, "companion in the voice room");
  }

  #interrupt(session: RoomSession, reply: HeardReply): Promise<void> {
    const { itemId: item_id, inReplyTo: in_reply_to = null } = reply;
    reply.end("interrupted");
    session.tell({ type: "interrupted", item_id, in_reply_to });
    return reply.ceased;
  }

  #userStopped(utterance: Utterance): void {
    const { clock, ledger, replyPatienceMs } = this.#options;
    utterance.endedAt = clock.now();
    if (utterance.isAnswered) return; // some are answered before they are over
    utterance.hold = ledger.hold(`reply in the voice room to ${utterance.id}`, replyPatienceMs);
    this.#turns.await(utterance);
  }

  /** Nobody waits any more for the answer to an utterance. */
  #settle(utterance: Utterance | undefined): void {
    if (!utterance) return;
    utterance.release();
    this.#turns.settle(utterance);
  }

  // --- companions ---

  #takeText(session: RoomSession, text: string): void {
    this.#options.activity.note();
    try {
      const message = parseClientMessage(text);
      this.#note(message.type);
      this.#obey(session, message);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#options.rules.protocolError(error.message);
      session.tell({ type: "error", message: error.message });
    }
  }

  #obey(session: RoomSession, message: ClientMessage): void {
    switch (message.type) {
      case "reply_started":
        return this.#startReply(session, message.inReplyTo, message.itemId);
      case "reply_stopped":
        if (!session.reply) throw new SyntaxError("reply_stopped must follow reply_started");
        session.reply.stop();
        session.reply = undefined;
        return;
      case "reply_skipped":
        this.#settle(this.#utterances.get(message.inReplyTo));
    }
  }

  #startReply(session: RoomSession, inReplyTo: string | undefined, itemId: string | undefined): void {
    const { clock, ledger, rules, replyPatienceMs } = this.#options;
    if (session.reply) {
      rules.protocolError("reply_started must not come before the reply_stopped of the reply before");
      session.reply.stop();
    }
    const answered = this.#judge(inReplyTo);
    const hold = answered?.hold ?? ledger.hold("what the companion says in the voice room", replyPatienceMs);
    if (answered) Object.assign(answered, { isAnswered: true, hold: undefined });
    const reply = new HeardReply({
      itemId:
        itemId ?? (inReplyTo === undefined ? `unprompted_${this.#unprompted++}` : `reply_to_${inReplyTo}`),
      inReplyTo,
      clock,
      ledger,
      hold,
      onEnd: (ended, end) => this.#replyEnded(ended, end),
    });
    session.reply = reply;
    this.#playing.set(reply, session);
    if (answered) this.#turns.settle(answered);
    this.#startIntoSpeech(session, reply);
  }

  /** The utterance that is answered, if there is one; notes what is wrong with answering it. */
  #judge(inReplyTo: string | undefined): Utterance | undefined {
    const { rules } = this.#options;
    if (inReplyTo === undefined) return undefined;
    const utterance = this.#utterances.get(inReplyTo);
    if (!utterance) rules.answeredNobody(inReplyTo);
    else if (utterance.isAnswered) rules.answeredTwice(inReplyTo);
    return utterance;
  }

  #startIntoSpeech(session: RoomSession, reply: HeardReply): void {
    const speaking = this.#speaking;
    if (!speaking?.isAudible) return;
    const spokenMs = this.#options.clock.monotonicMs() - speaking.startedMs;
    if (spokenMs > MANNERS_MS) this.#options.rules.startedOver(speaking.utterance.id, spokenMs);
    void this.#interrupt(session, reply);
  }

  #takeAudio(session: RoomSession, pcm: Buffer): void {
    const { rules } = this.#options;
    const { reply } = session;
    if (!reply) return rules.protocolError("audio must come between reply_started and reply_stopped");
    if (pcm.length === 0 || pcm.length % 2 === 1) {
      rules.protocolError("an audio frame must have whole samples of 16 bits");
    } else if (pcm.length > 2 * SAMPLE_RATE * (LONGEST_FRAME_MS / 1000)) {
      rules.protocolError(`an audio frame must last 20 to ${LONGEST_FRAME_MS} ms`);
    }
    const lateMs = reply.push(fromPcm(pcm));
    if (lateMs > MANNERS_MS) rules.wentOn(reply.itemId, lateMs);
  }

  #replyEnded(reply: HeardReply, end: ReplyEnd): void {
    this.#playing.delete(reply);
    if (end === "lost") {
      const utterance = this.#utterances.get(reply.inReplyTo ?? "");
      if (utterance) utterance.isAnswered = false; // it may be said again to who was cut off
    } else this.replies.add(reply.toReply());
    if (end === "unfinished") this.#options.rules.protocolError("a reply must end with reply_stopped");
    this.#letSpeak();
  }

  #note(method: string, status?: number): void {
    this.#options.calls.record({ kind: "room", method, path: "/v1/room", ...(status && { status }) });
  }
}

function isRoomFault(fault: { readonly kind: string }): fault is RoomFault {
  return fault.kind.startsWith("room-");
}
