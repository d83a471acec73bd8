import type { AndroidMessage } from "./_android_wire.ts";

/** What a device shows: each message once, in order of arrival, with its latest state. The oldest are forgotten. */
export class MessageStore {
  readonly #capacity: number;
  readonly #messages = new Map<string, AndroidMessage>();
  /** Acknowledged here, which the companion says only with the next history. */
  readonly #read = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get all(): readonly AndroidMessage[] {
    return [...this.#messages.values()];
  }

  /** Messages of the companion that were not read on any device, as far as this one knows; oldest first. */
  get unread(): readonly AndroidMessage[] {
    return this.all.filter(
      ({ id, sender, readAt }) => sender === "demi" && readAt === undefined && !this.#read.has(id),
    );
  }

  get(id: string): AndroidMessage | undefined {
    return this.#messages.get(id);
  }

  /** Adds a message, or brings it up to date; whether it is new. */
  put(message: AndroidMessage): boolean {
    const isNew = !this.#messages.has(message.id);
    this.#messages.set(message.id, message);
    for (const id of this.#messages.keys()) {
      if (this.#messages.size <= this.#capacity) break;
      this.#messages.delete(id);
      this.#read.delete(id);
    }
    return isNew;
  }

  markRead(id: string): void {
    this.#read.add(id);
  }
}
