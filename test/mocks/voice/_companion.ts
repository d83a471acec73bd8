// A companion in the voice room, by the letter of its convention and with nothing of the mock's own code: it hears
// utterances, transcribes them with the openai client, and says what `answer` makes of them.
import { once } from "node:events";
import OpenAI from "openai";
import { WebSocket } from "ws";
import type { Clock } from "../../../lib/base/clock.ts";
import { systemClock } from "../../../lib/base/system_clock.ts";
import type { MockVoiceServer } from "../../../lib/mocks/voice/mock_voice_server.ts";
import { writeWavFile } from "./_wav_file.ts";

export interface RoomMessage {
  readonly type: string;
  readonly user?: string;
  readonly item_id?: string;
  readonly in_reply_to?: string | null;
}

const FRAME_BYTES = 1920;
const FRAME_MS = 40;

/** A client that only speaks the wire. */
export class RoomClient implements AsyncDisposable {
  readonly messages: RoomMessage[] = [];
  readonly socket: WebSocket;
  audioBytes = 0;
  onMessage: (message: RoomMessage) => void = () => {};
  onAudio: (pcm: Buffer) => void = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      if (isBinary) {
        this.audioBytes += (data as Buffer).length;
        return this.onAudio(data as Buffer);
      }
      const message = JSON.parse((data as Buffer).toString()) as RoomMessage;
      this.messages.push(message);
      this.onMessage(message);
    });
  }

  static async connect(voice: MockVoiceServer): Promise<RoomClient> {
    const headers = { authorization: `Bearer ${voice.token}` };
    const client = new RoomClient(new WebSocket(`${voice.url.replace("http", "ws")}/room`, { headers }));
    await once(client.socket, "message"); // ready
    return client;
  }

  get types(): readonly string[] {
    return this.messages.map(({ type }) => type);
  }

  tell(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves with the next message of that type, or at once with the last one that came. */
  async see(type: string): Promise<RoomMessage> {
    for (;;) {
      const found = this.messages.findLast((message) => message.type === type);
      if (found) return found;
      await once(this.socket, "message");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.terminate();
    await once(this.socket, "close");
  }
}

/** Audio in frames, as a speaker would play them; ends early when `isInterrupted`. */
export async function play(
  client: RoomClient,
  clock: Clock,
  pcm: Buffer,
  isInterrupted: () => boolean = () => false,
): Promise<void> {
  for (let at = 0; at < pcm.length && !isInterrupted(); at += FRAME_BYTES) {
    client.socket.send(pcm.subarray(at, at + FRAME_BYTES));
    await clock.sleep(FRAME_MS);
  }
}

/** A companion that answers each utterance in its turn. */
export async function joinRoom(
  voice: MockVoiceServer,
  answer: (text: string, user: string) => string,
  clock: Clock = systemClock,
): Promise<RoomClient> {
  const client = await RoomClient.connect(voice);
  const openai = new OpenAI({ baseURL: voice.url, apiKey: voice.token, maxRetries: 0 });
  let [heard, isInterrupted]: [Buffer[], boolean] = [[], false];
  let queue = Promise.resolve();
  const reply = async (pcm: Buffer, { user = "", item_id = "" }: RoomMessage): Promise<void> => {
    const samples = Int16Array.from({ length: pcm.length / 2 }, (_, n) => pcm.readInt16LE(2 * n));
    const file = new File([new Uint8Array(writeWavFile(samples, 24_000))], "utterance.wav");
    const { text } = await openai.audio.transcriptions.create({ file, model: "whisper-1" });
    const input = answer(text, user);
    if (input === "") return client.tell({ type: "reply_skipped", in_reply_to: item_id });
    const request = { model: "tts-1", voice: "nova", input, response_format: "pcm" } as const;
    const speech = Buffer.from(await (await openai.audio.speech.create(request)).arrayBuffer());
    isInterrupted = false;
    client.tell({ type: "reply_started", in_reply_to: item_id });
    await play(client, clock, speech, () => isInterrupted);
    client.tell({ type: "reply_stopped" });
  };
  client.onAudio = (pcm) => heard.push(pcm);
  client.onMessage = (message) => {
    if (message.type === "speech_started") heard = [];
    if (message.type === "interrupted") isInterrupted = true;
    if (message.type !== "speech_stopped") return;
    const pcm = Buffer.concat(heard);
    queue = queue.then(() => reply(pcm, message)).catch(() => {});
  };
  return client;
}
