import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../../base/clock.ts";
import { withDeadline } from "../../base/deadline.ts";
import { SeededRandom } from "../../base/random.ts";
import { systemClock } from "../../base/system_clock.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import { LoopbackServer } from "../_loopback_server.ts";
import { Outage, type OutageOptions } from "../_outage.ts";
import { CallLog } from "../call_log.ts";
import { FaultInjector, type InjectedFault } from "../faults/fault_injector.ts";
import { FaultLog } from "../faults/fault_log.ts";
import type { FaultSchedule } from "../faults/fault_schedule.ts";
import { ViolationLog } from "../violations.ts";
import { Activity } from "./_activity.ts";
import { RetryWatch } from "../_retry_watch.ts";
import { OpenAiError } from "./_openai_error.ts";
import { Room } from "./_room.ts";
import { RoomRules } from "./_room_rules.ts";
import { speak } from "./_speak.ts";
import { isSameToken, SpeechApi } from "./_speech_api.ts";
import { SAMPLE_RATE } from "./_tone_code.ts";
import { encodeWav } from "./_wav.ts";
import type { VoiceFault } from "./voice_faults.ts";
import { checkVoiceOptions, checkVoiceTiming, VOICE_MODELS } from "./voice_options.ts";
import type { MockVoiceOptions, SayOptions, VoiceCall, VoiceReply } from "./voice_options.ts";
import type { VoiceReplyOptions, VoiceUtterance } from "./voice_options.ts";

const ROOM_PATH = "/v1/room";
// Real time in which a companion notices that its connection is gone: a virtual clock stands meanwhile.
const NOTICE_MS = 20;
/**
 * Speech on loopback: the routes that OpenAI and many self-hosted servers have, and a voice room.
 *
 * **Speech.** `POST /v1/audio/transcriptions` (`json`, `verbose_json`, `text`, `srt`, `vtt`, streamed),
 * `/v1/audio/translations`, `/v1/audio/speech` (`wav` and `pcm`, 24 kHz, mono, 16 bits, also streamed; `wav` where no
 * format is asked for; others are refused with a 400), `/v1/models`. What the mock says are tones that carry the
 * words: a transcription is decoded from the audio itself, after another sample rate (down to 16 kHz), loudness or
 * wrapping, too. Audio without such words transcribes to what `transcripts` says, or to nothing.
 *
 * **The room** is a convention of our own: no voice wire is common to real companions. A companion connects a
 * websocket to `/v1/room` (`Authorization: Bearer …` or `?token=`). Text frames are JSON, binary frames 20 to 100 ms of
 * audio (s16le, mono, 24 kHz), in the time in which they are spoken.
 *
 * - Room to companion: `{type: "ready", session_id, sample_rate}`; for each utterance `{type: "speech_started", user,
 *   item_id}`, audio, `{type: "speech_stopped", user, item_id}`, by the energy of the user's audio; `{type:
 *   "interrupted", item_id, in_reply_to}` when a user speaks into a reply, which must then stop; `{type: "error",
 *   message}`. Users speak one at a time.
 * - Companion to room: `{type: "reply_started", in_reply_to, item_id?}` (without `in_reply_to` for what it says of its
 *   own accord), audio, `{type: "reply_stopped"}`; or `{type: "reply_skipped", in_reply_to}` where it does not answer.
 *
 * @example With the client of npm: `new OpenAI({ baseURL: voice.url, apiKey: voice.token })`
 * ```ts
 * import assert from "node:assert/strict";
 * import { MockVoiceServer } from "demi-health/mocks";
 *
 * await using voice = await MockVoiceServer.listen({ transcriptionMs: 0 });
 * const form = new FormData();
 * form.set("model", "whisper-1");
 * form.set("file", new File([voice.clip("Hello Demi")], "hello.wav"));
 * const response = await fetch(`${voice.url}/audio/transcriptions`, {
 *   method: "POST",
 *   headers: { authorization: `Bearer ${voice.token}` },
 *   body: form,
 * });
 * assert.equal(((await response.json()) as { text: string }).text, "Hello Demi");
 * ```
 *
 * @see https://platform.openai.com/docs/api-reference/audio
 */
export class MockVoiceServer implements AsyncDisposable {
  /** The last calls of clients, bounded; requests are recorded when they end. */
  readonly calls: CallLog<VoiceCall>;
  /** What clients did wrong. */
  readonly violations: ViolationLog;
  /** What clients log in with. */
  readonly token: string;
  readonly #clock: Clock;
  readonly #ledger: ClockLedger;
  readonly #outage: Outage;
  readonly #faults: FaultInjector<VoiceFault>;
  readonly #conduct: RetryWatch;
  readonly #room: Room;
  readonly #api: SpeechApi;
  readonly #connected = new Set<() => void>();
  #utterances = 0;
  #server: LoopbackServer | undefined;

  private constructor(options: MockVoiceOptions) {
    const { clock = systemClock, random = new SeededRandom("voice"), onError = console.error } = options;
    const { token = "sk-mocked-token-of-no-use", models = VOICE_MODELS, transcripts } = options;
    const { stallLimitMs = 120_000, requestsPerMinute = Infinity, replyPatienceMs = 5000 } = options;
    const { frameMs = 40, endSilenceMs = 500, faultLog = new FaultLog({ clock }) } = options;
    const timing = checkVoiceTiming(options);
    checkVoiceOptions(options);
    this.token = token;
    this.calls = new CallLog({ clock });
    this.violations = new ViolationLog({ source: "voice", clock });
    this.#clock = clock;
    this.#ledger = ClockLedger.of(clock);
    this.#outage = new Outage(clock);
    this.#faults = new FaultInjector({
      source: "voice",
      clock,
      random: random.stream("faults"),
      log: faultLog,
    });
    this.#conduct = new RetryWatch(clock, this.violations);
    const activity = new Activity(clock, this.#ledger);
    const shared = { clock, ledger: this.#ledger, activity, faults: this.#faults, calls: this.calls };
    this.#api = new SpeechApi({
      ...shared,
      random,
      violations: this.violations,
      timing,
      models,
      transcripts,
      stallLimitMs,
      token,
      requestsPerMinute,
      conduct: this.#conduct,
      onError,
    });
    this.#room = new Room({
      ...shared,
      rules: new RoomRules(clock, this.violations),
      frameMs,
      endSilenceMs,
      replyPatienceMs,
      onConnected: () => this.#tellConnected(),
    });
  }

  /**
   * A server that listens on 127.0.0.1.
   *
   * @throws {RangeError} If an option is out of its range.
   * @throws {Error} If the port is taken.
   */
  static async listen(options: MockVoiceOptions = {}): Promise<MockVoiceServer> {
    const { port = 0 } = options;
    const mock = new MockVoiceServer(options);
    mock.#server = await LoopbackServer.listen("mock voice server", {
      port,
      onRequest: (request, response) => {
        if (!mock.#outage.refuseRequest(response)) void mock.#api.handle(request, response);
      },
      onUpgrade: (request, socket, head) => mock.#upgrade(request, socket, head),
      onReset: () => mock.#conduct.connectionFailed(),
    });
    return mock;
  }

  /** Base address, what clients of OpenAI take as theirs: it ends with `/v1`, and the room is at `/room` below it. */
  get url(): string {
    return `http://127.0.0.1:${this.#server!.port}/v1`;
  }

  /** Number of companions in the room. */
  get connectedSessions(): number {
    return this.#room.sessions.size;
  }

  /** Whether an outage is on. */
  get isDown(): boolean {
    return this.#outage.isOn;
  }

  /** All that companions said in the room, oldest first, the last 1000. */
  get replies(): readonly VoiceReply[] {
    return this.#room.replies.heard;
  }

  /** A text as a WAV file, as somebody would record it. */
  clip(text: string): Buffer<ArrayBuffer> {
    return Buffer.from(encodeWav(speak(text, { speed: 1, pitchHz: 160 }), SAMPLE_RATE));
  }

  /** Resolves when a companion is in the room, at once if one is. */
  async whenConnected(options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<void> {
    const { timeoutMs = 30_000, signal } = options;
    if (this.connectedSessions > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#connected.add(resolve);
    const deadline = { clock: this.#clock, signal };
    try {
      await withDeadline("see the companion in the voice room", timeoutMs, () => promise, deadline);
    } finally {
      this.#connected.delete(resolve);
    }
  }

  /**
   * A user says something in the room, when it is the user's turn. With no companion there nobody hears it, and
   * {@linkcode VoiceUtterance.state} is `lost`. A user who speaks into the answer that is being given interrupts it.
   */
  say(user: string, text: string, options: SayOptions = {}): VoiceUtterance {
    const number = this.#utterances++;
    const pitchHz = 100 + ((number * 37) % 160); // nobody says the same twice in the very same way
    return this.#room.say(user, speak(text, { speed: 1, pitchHz }), number, options);
  }

  /**
   * What the companion answers to an utterance, or says next, when it has been heard to its end or interrupted. None is
   * given out twice.
   *
   * @throws {DeadlineError} If none came in time. Rejects with `signal.reason` when aborted.
   */
  async waitForReply(options: VoiceReplyOptions = {}): Promise<VoiceReply> {
    const { to, timeoutMs = 60_000, signal } = options;
    const isLost = (to as Partial<VoiceUtterance> | undefined)?.state === "lost";
    const what = isLost ? "hear a reply to what nobody heard, with no companion in the room" : "hear a reply";
    return await withDeadline(what, timeoutMs, (ended) => this.#room.replies.wait(to?.id, ended), {
      clock: this.#clock,
      signal,
    });
  }

  /** Resets all connections to the room. */
  dropConnections(): void {
    this.#letNotice();
    this.#room.drop();
  }

  /**
   * Speech and room are gone: every connection is reset, and until `durationMs` have passed on the clock new ones fail
   * as `kind` says, by default with a reset. A further call replaces the outage that is on.
   *
   * @param durationMs May be `Infinity`: until {@linkcode MockVoiceServer.endOutage}.
   * @returns Resolves when the outage is over.
   * @throws {RangeError} If `durationMs` is not a number >= 0.
   */
  outage(durationMs: number, options: OutageOptions = {}): Promise<void> {
    const { kind = "reset" } = options;
    this.#letNotice();
    return this.#outage.begin(durationMs, this.#server!, { kind }, () => {});
  }

  /** Ends the outage that is on, if one is. */
  endOutage(): void {
    this.#outage.end();
  }

  /**
   * Lets something go wrong, at each occasion that `schedule` names.
   *
   * @throws {RangeError} If a number of the schedule is out of its range.
   */
  injectFault(fault: VoiceFault, schedule?: FaultSchedule): InjectedFault {
    return this.#faults.inject(fault, schedule);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#outage.end();
    this.#room.close();
    await this.#server?.[Symbol.asyncDispose]();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#conduct.attempt("the room", "");
    const refusal = this.#outage.isOn ? undefined : this.#refusalOf(request);
    if (!this.#outage.isOn && !refusal) {
      this.#conduct.worked("the room", "");
      this.#conduct.connectionWorked();
      return this.#room.admit(request, socket, head);
    }
    this.#conduct.failed("the room", "");
    if (!this.#outage.refuseUpgrade(socket)) refuse(socket, refusal!);
  }

  #refusalOf({ url = "/", headers }: IncomingMessage): OpenAiError | undefined {
    const address = URL.parse(url, "http://room");
    if (address?.pathname !== ROOM_PATH) return new OpenAiError(404, "Invalid URL");
    const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.authorization ?? "")?.[1];
    const given = bearer ?? address.searchParams.get("token") ?? "";
    if (isSameToken(given, this.token)) return undefined;
    return new OpenAiError(401, "Incorrect API key provided.", { code: "invalid_api_key" });
  }

  #letNotice(): void {
    if (this.#clock === systemClock || this.connectedSessions === 0) return;
    const noticed = systemClock.sleep(NOTICE_MS, { keepAlive: false });
    void this.#clock.track(noticed, "companion that lost its connection to the voice room");
  }

  #tellConnected(): void {
    for (const tell of this.#connected) tell();
  }
}

function refuse(socket: Duplex, error: OpenAiError): void {
  const body = JSON.stringify(error.toBody());
  const status = error.status === 404 ? "404 Not Found" : "401 Unauthorized";
  const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
}
