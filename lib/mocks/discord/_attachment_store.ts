import type { DiscordAttachment } from "./discord_types.ts";

const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** A file that somebody attaches. */
export interface NewAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly description?: string | undefined;
}

/** Files of messages: the last 64 MB of them can be downloaded where their attachments say. */
export class AttachmentStore {
  readonly #baseUrl: () => string;
  readonly #files = new Map<string, NewAttachment>();
  #keptBytes = 0;

  constructor(baseUrl: () => string) {
    this.#baseUrl = baseUrl;
  }

  add(id: string, channelId: string, file: NewAttachment): DiscordAttachment {
    const { filename, contentType, bytes, description } = file;
    this.#files.set(id, file);
    this.#keptBytes += bytes.length;
    this.#forgetOldest(id);
    const url = `${this.#baseUrl()}/attachments/${channelId}/${id}/${encodeURIComponent(filename)}`;
    return {
      id,
      filename,
      size: bytes.length,
      content_type: contentType,
      url,
      proxy_url: url,
      ...(description !== undefined && { description }),
    };
  }

  get(id: string): NewAttachment | undefined {
    return this.#files.get(id);
  }

  #forgetOldest(newest: string): void {
    for (const [id, { bytes }] of this.#files) {
      if (this.#keptBytes <= MAX_KEPT_BYTES || id === newest) return;
      this.#files.delete(id);
      this.#keptBytes -= bytes.length;
    }
  }
}
