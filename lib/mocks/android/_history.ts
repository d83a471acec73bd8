import type { AndroidMessage } from "./_android_wire.ts";

/** What a companion may change about a text without losing it. */
export function toKey(text: string): string {
  return text.normalize("NFC").trim().replace(/\s+/g, " ");
}

/** Oldest first, whichever way the companion sends them. */
export function inOrder(messages: readonly AndroidMessage[]): readonly AndroidMessage[] {
  const first = messages[0]?.createdAt ?? 0;
  const last = messages.at(-1)?.createdAt ?? 0;
  const ascending = first > last ? messages.toReversed() : messages;
  return ascending.toSorted((a, b) => a.createdAt - b.createdAt);
}
