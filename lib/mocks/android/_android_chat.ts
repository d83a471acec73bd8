import type { Clock } from "../../base/clock.ts";
import { DeadlineError, withDeadline } from "../../base/deadline.ts";
import { RingBuffer } from "../../base/ring_buffer.ts";
import type { CallLog } from "../call_log.ts";
import { type ClockHold, ClockLedger } from "../_clock_ledger.ts";
import type { ViolationLog } from "../violations.ts";
import type { AndroidAccess } from "./_android_access.ts";
import { AndroidAccount } from "./_android_account.ts";
import { AndroidConnection } from "./_android_connection.ts";
import { AndroidClosedError, AndroidFrameError } from "./_android_errors.ts";
import type { AndroidCall, AndroidReplyOptions, MockAndroidOptions } from "./android_options.ts";
import type { AndroidProtocol } from "./_android_protocol.ts";
import type { AndroidFrame, AndroidMessage } from "./_android_wire.ts";
import { DeliveryWatch } from "./_delivery_watch.ts";
import { toKey } from "./_history.ts";
import { Inbox } from "./_inbox.ts";
import { MessageStore } from "./_message_store.ts";

const MESSAGES_KEPT = 1000;
const LOSS_AFTER_MS = 300_000;
const PONG_TIMEOUT_MS = 10_000;

/** What an {@linkcode AndroidChat} works with. */
export interface AndroidChatOptions {
  readonly options: MockAndroidOptions;
  readonly clock: Clock;
  readonly protocol: AndroidProtocol;
  readonly access: AndroidAccess;
  readonly calls: CallLog<AndroidCall>;
  readonly violations: ViolationLog;
  readonly report: (error: unknown) => void;
  /** The connection ended, and the app did not end it. */
  readonly onLost: () => void;
}

/** The app's chat: one connection at a time, what comes over it, and what is wrong with it. */
export class AndroidChat {
  readonly messages: MessageStore = new MessageStore(MESSAGES_KEPT);
  readonly replies: Inbox<AndroidMessage> = new Inbox(MESSAGES_KEPT);
  readonly errors: RingBuffer<string> = new RingBuffer(100);
  closeCode: number | undefined;
  isTyping = false;
  lastEmotions: Readonly<Record<string, unknown>> | undefined;
  /** What the last history had that was news to the user of this device. */
  missed: readonly AndroidMessage[] = [];
  readonly #basis: AndroidChatOptions;
  readonly #ledger: ClockLedger;
  readonly #pongs = new Inbox<true>(1);
  readonly #holds: ClockHold[] = [];
  readonly #onSend = (): void => this.#watch?.expectReply();
  #account: AndroidAccount | undefined;
  #watch: DeliveryWatch | undefined;
  #connection: AndroidConnection | undefined;
  /** One that the companion still believes in. */
  #ghost: AndroidConnection | undefined;
  /** One that the app ends. */
  #leaving: AndroidConnection | undefined;
  #connections = 0;
  #isReading = true;
  /** Number of frames that the companion has yet to complain of. */
  #garbage = 0;

  constructor(basis: AndroidChatOptions) {
    this.#basis = basis;
    this.#ledger = ClockLedger.of(basis.clock);
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true;
  }

  get lossAfterMs(): number {
    return this.#basis.options.lossAfterMs ?? LOSS_AFTER_MS;
  }

  /** The user is known: what all devices share begins. */
  join(): void {
    const { access, violations, clock } = this.#basis;
    this.#account = AndroidAccount.join(access.url, access.login.userId, this.#onSend);
    const { lossAfterMs } = this;
    this.#watch = new DeliveryWatch({ violations, clock, account: this.#account, lossAfterMs });
  }

  leave(): void {
    this.#account?.leave(this.#onSend);
  }

  /** Connects, in place of the connection that is there. */
  async open(): Promise<void> {
    const { access, clock, calls } = this.#basis;
    this.endGhost();
    this.#leaving = this.#connection;
    this.#connection?.terminate();
    this.#account?.moveTo(access.url, access.login.userId);
    const parse = this.#basis.protocol.parser(this.#connections++, () => clock.now());
    const connection: AndroidConnection = new AndroidConnection({
      address: access.chatAddress,
      onFrame: (text) => this.#receive(connection, parse, text),
      onBroken: (code) => this.#broken(code),
      onClose: (code) => this.#closed(connection, code),
    });
    this.#connection = connection;
    this.#isReading = true;
    this.#garbage = 0;
    this.#watch?.opened();
    await connection.ready;
    calls.record({ kind: "opened", what: "chat" });
  }

  /** The history, read over a connection of its own. */
  async look(): Promise<readonly AndroidMessage[]> {
    const { access, clock, protocol } = this.#basis;
    const parse = protocol.parser(this.#connections++, () => clock.now());
    let messages: readonly AndroidMessage[] | undefined;
    const connection = new AndroidConnection({
      address: access.chatAddress,
      onFrame: (text) => {
        const frame = this.#parse(parse, text);
        if (frame?.event === "history") messages ??= frame.messages;
        return messages !== undefined;
      },
      onBroken: (code) => this.#broken(code),
      onClose: () => {},
    });
    try {
      await connection.ready;
    } finally {
      await connection.close();
    }
    this.#takeHistory(messages!);
    return messages!;
  }

  writeMessage(text: string, isQueued: boolean, createdAt: string | undefined): void {
    const { protocol, options } = this.#basis;
    this.#sendFrame("message", protocol.encodeMessage(text, createdAt));
    this.#watch?.sent(text, isQueued);
    this.#account?.sent(toKey(text));
    this.#holds.push(this.#ledger.hold("reply of the companion on Android", options.replyPatienceMs));
  }

  /** Writes what is no frame: the error that answers it answers no message. */
  writeGarbage(data: string | Uint8Array): void {
    this.#garbage++;
    this.#connection?.sendRaw(data);
  }

  markRead(id: string): void {
    this.requireOpen("acknowledge a message");
    const { encodeReceipt } = this.#basis.protocol;
    if (encodeReceipt) this.#sendFrame("read_receipt", encodeReceipt(id));
    this.messages.markRead(id);
  }

  async ping(options: AndroidReplyOptions): Promise<void> {
    const { timeoutMs = PONG_TIMEOUT_MS, signal } = options;
    this.requireOpen("ping the companion");
    this.#pongs.clear();
    const { encodePing } = this.#basis.protocol;
    const connection = this.#connection!;
    if (encodePing) this.#sendFrame("ping", encodePing());
    else void connection.pong().then(() => this.#pongs.put(true));
    try {
      await withDeadline("get a pong on Android", timeoutMs, (ended) => this.#pongs.take(ended), { signal });
    } catch (error) {
      const isOpen = connection === this.#connection && connection.isOpen && this.#isReading;
      if (error instanceof DeadlineError && isOpen) this.#watch?.noPong(timeoutMs);
      throw error;
    }
  }

  /** Reads nothing; the result reads on, if the connection is still there. */
  pauseReading(): () => void {
    const connection = this.#connection;
    connection?.pauseReading();
    this.#isReading = false;
    return () => {
      if (connection !== this.#connection) return;
      this.#isReading = true;
      connection?.resumeReading();
    };
  }

  /** Leaves the connection without a word, as a phone that loses its network. */
  abandon(): void {
    const connection = this.#connection;
    if (!connection) return;
    this.#ghost = connection;
    this.#leaving = connection;
    connection.pauseReading();
    this.#closed(connection, 1006);
  }

  /** The companion learns that an abandoned connection has ended. */
  endGhost(): void {
    this.#ghost?.terminate();
    this.#ghost = undefined;
  }

  async close(): Promise<void> {
    this.endGhost();
    this.#leaving = this.#connection;
    await this.#connection?.close();
  }

  /** Whether queued messages left no sign of being taken in their time. */
  get hasOpen(): boolean {
    return this.#watch?.hasOpen === true;
  }

  checkSilence(): void {
    this.#watch?.checkSilence();
  }

  requireOpen(what: string): void {
    if (!this.isOpen) throw new AndroidClosedError(`Cannot ${what}: there is no connection`);
  }

  /** Whether the frame opens the chat. */
  #receive(connection: AndroidConnection, parse: (text: string) => AndroidFrame, text: string): boolean {
    if (connection !== this.#connection) return false;
    const frame = this.#parse(parse, text);
    if (frame) this.#take(frame);
    return frame?.event === this.#basis.protocol.greeting;
  }

  #parse(parse: (text: string) => AndroidFrame, text: string): AndroidFrame | undefined {
    try {
      const frame = parse(text);
      this.#basis.calls.record({ kind: "received", what: frame.event });
      return frame;
    } catch (error) {
      // apps pass over an event that they do not know: it may be of a newer companion
      if (error instanceof AndroidFrameError && !error.isUnknownEvent) this.#watch?.frameError(error);
      this.#basis.report(error);
      return undefined;
    }
  }

  #broken(code: string): void {
    const error = new AndroidFrameError("the websocket", "valid, with frames of at most 16 MiB", code);
    this.#watch?.frameError(error);
    this.#basis.report(error);
  }

  #take(frame: AndroidFrame): void {
    switch (frame.event) {
      case "history":
        return this.#takeHistory(frame.messages);
      case "message":
        return this.#takeMessage(frame.message);
      case "typing":
        this.isTyping = frame.isTyping;
        return this.#watch?.sign();
      case "error":
        return this.#takeError(frame.content);
      case "emotions":
        this.lastEmotions = frame.emotions;
        return;
      case "pong":
        return this.#pongs.put(true);
      case "connected":
    }
  }

  #takeHistory(messages: readonly AndroidMessage[]): void {
    const isFirst = this.#connections === 1;
    const unknown = messages.filter((message) => this.messages.put(message) && !isFirst);
    this.#watch?.history(messages, unknown);
    this.missed = unknown.filter(
      ({ sender, content }) => sender === "demi" || !this.#watch?.hasSent(content),
    );
    for (const message of this.missed) {
      if (message.sender !== "demi") continue;
      this.#answered();
      this.#show(message);
    }
  }

  #takeError(content: string): void {
    this.errors.push(content);
    if (this.#garbage > 0) {
      this.#garbage--;
      this.#watch?.sign();
      return;
    }
    this.#watch?.refused();
    this.#answered();
  }

  #takeMessage(message: AndroidMessage): void {
    const isNew = this.messages.put(message);
    this.#watch?.delivered(message);
    if (message.sender !== "demi" || !isNew) return; // told again, as when it was read: it answers nothing
    this.#garbage = 0; // its errors came before, if any did
    this.#answered();
    this.#show(message);
  }

  #show(message: AndroidMessage): void {
    const { autoRead = true } = this.#basis.options;
    if (autoRead && message.readAt === undefined && this.isOpen) this.markRead(message.id);
    this.replies.put(message);
  }

  #answered(): void {
    while (this.#holds.length > 0 && !this.#holds[0]!.isOpen) this.#holds.shift();
    this.#holds.shift()?.[Symbol.dispose]();
  }

  #closed(connection: AndroidConnection, code: number): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.closeCode = code;
    this.isTyping = false;
    this.#watch?.closed();
    this.#basis.calls.record({ kind: "closed", what: "chat", status: code });
    for (const hold of this.#holds.splice(0)) hold[Symbol.dispose]();
    const error = new AndroidClosedError(`Cannot go on with the chat: its connection ended with ${code}`);
    this.replies.fail(error);
    this.#pongs.fail(error);
    if (connection !== this.#leaving) this.#basis.onLost();
  }

  #sendFrame(what: string, frame: object): void {
    this.requireOpen("send to the companion");
    this.#connection!.send(frame);
    this.#basis.calls.record({ kind: "sent", what });
  }
}
