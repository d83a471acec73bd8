import type { IncomingMessage } from "node:http";

/**
 * Body of a request, or `undefined` if it is longer than `maxBytes`; the rest is then read and not kept.
 *
 * @throws If the connection fails first.
 */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length <= maxBytes ? Buffer.concat(chunks) : undefined;
}
