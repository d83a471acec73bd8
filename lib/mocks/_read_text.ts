import type { IncomingMessage } from "node:http";

/**
 * Body of a request as text, or `undefined` if it is longer than `maxBytes`; the rest is then not kept.
 *
 * @throws If the connection fails first.
 */
export async function readText(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
  }
  return length <= maxBytes ? Buffer.concat(chunks).toString("utf8") : undefined;
}
