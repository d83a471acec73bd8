// Runs in a thread of its own: see `_image_thread.ts`.
import { parentPort } from "node:worker_threads";
import { makeImage, readImage } from "./_image.ts";
import type { ImageReply, ImageRequest } from "./_image_thread.ts";
import { buffersOf } from "./_pack.ts";

parentPort!.on("message", (request: ImageRequest) => void answer(request));

async function answer(request: ImageRequest): Promise<void> {
  const { id } = request;
  let transfer: ArrayBuffer[] = [];
  let reply: ImageReply;
  try {
    if (request.kind === "make") {
      const image = await makeImage(request.content);
      reply = { id, kind: "made", image };
      transfer = [image.buffer as ArrayBuffer];
    } else {
      const result = await readImage(request.image);
      reply = { id, kind: "read", result };
      if (result.kind === "read") transfer = buffersOf(result.content.pack);
    }
  } catch (error) {
    reply = { id, kind: "failed", error };
  }
  parentPort!.postMessage(reply, transfer);
}
