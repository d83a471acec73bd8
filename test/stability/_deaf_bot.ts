import type { PlatformHealth } from "../../lib/base/platform_health.ts";
import { type EmotionalState, parseEmotionalState } from "../../lib/emotion/emotional_state.ts";
import type { Companion, CompanionEnvironment } from "../../lib/harness/companion.ts";

interface GatewayMessage {
  readonly op: number;
  readonly t?: string | null;
  readonly d?: {
    readonly content?: string;
    readonly channel_id?: string;
    readonly id?: string;
    readonly author?: { readonly bot?: boolean };
  } | null;
}

/** A bot that answers on Discord until its connection is lost: it never makes another one, and says that all is well. */
export class DeafBot implements Companion {
  readonly keepsStateInData = true;
  #socket: WebSocket | undefined;
  #clock: CompanionEnvironment["clock"] | undefined;

  async start({ discord, clock }: CompanionEnvironment): Promise<void> {
    this.#clock = clock;
    const { apiUrl, token } = discord!;
    const headers = { authorization: `Bot ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${apiUrl}/v10/gateway/bot`, { headers });
    const { url } = (await answer.json()) as { url: string };
    const socket = new WebSocket(`${url}/?v=10&encoding=json`);
    this.#socket = socket;
    const ready = Promise.withResolvers<void>();
    socket.addEventListener("message", ({ data }) => {
      const { op, t, d } = JSON.parse(String(data)) as GatewayMessage;
      if (op === 10) {
        const properties = { os: "linux", browser: "test", device: "test" };
        socket.send(JSON.stringify({ op: 2, d: { token, intents: 0x9201, properties } }));
      }
      if (t === "READY") ready.resolve();
      if (t !== "MESSAGE_CREATE" || d?.author?.bot) return;
      const body = JSON.stringify({ content: "Yes", message_reference: { message_id: d?.id } });
      const path = `${apiUrl}/v10/channels/${d?.channel_id}/messages`;
      void fetch(path, { method: "POST", headers, body }).catch(() => undefined);
    });
    socket.addEventListener("error", () => {});
    await ready.promise;
  }

  stop(): Promise<void> {
    this.#socket?.close();
    return Promise.resolve();
  }

  crash(): Promise<void> {
    return this.stop();
  }

  emotions(): Promise<EmotionalState> {
    const values = { loneliness: 0.5, excitement: 0.5, frustration: 0.5, jealousy: 0.5, vulnerability: 0.5 };
    const others = { confidence: 0.5, curiosity: 0.5, affection: 0.5, defensiveness: 0.5 };
    return Promise.resolve(
      parseEmotionalState({ ...values, ...others, lastUpdated: this.#clock?.now() ?? 0 }),
    );
  }

  health(): Promise<readonly PlatformHealth[]> {
    return Promise.resolve([{ name: "discord", status: "online", since: 0 }]);
  }
}
