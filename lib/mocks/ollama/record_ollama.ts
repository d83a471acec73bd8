import { appendFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, request as send } from "undici";
import { systemClock } from "../../base/system_clock.ts";
import { LoopbackServer } from "../_loopback_server.ts";
import { readText } from "../_read_text.ts";
import { hashBody, type RecordedExchange, scrubSecrets } from "./_recording.ts";

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Options of {@linkcode recordOllama}. */
export interface RecordOllamaOptions {
  /** Address of a real server, such as `http://127.0.0.1:11434`. */
  readonly upstream: string;
  /** NDJSON file that exchanges are added to. */
  readonly file: string;
  /** Port on 127.0.0.1; 0 takes a free one. @default {0} */
  readonly port?: number | undefined;
}

/** A recorder that listens; disposing it ends it. */
export interface OllamaRecorder extends AsyncDisposable {
  /** What clients take as their host. */
  readonly url: string;
  /** Number of exchanges that are in the file. */
  readonly recorded: number;
}

/**
 * Stands before a real Ollama server and writes what is asked and answered to a file, for
 * `MockOllamaServer.listen({ recording: file })`. Pieces of a stream keep their times; headers are not written, and
 * tokens, keys and passwords in bodies are replaced. What people wrote is in the file.
 *
 * @throws {Error} If the port is taken.
 */
export async function recordOllama(options: RecordOllamaOptions): Promise<OllamaRecorder> {
  const { upstream, file, port = 0 } = options;
  if (!URL.canParse(upstream)) {
    throw new TypeError(`Cannot record Ollama: 'upstream' must be an address, got ${upstream}`);
  }
  const agent = new Agent({ bodyTimeout: 0, headersTimeout: 0 });
  let recorded = 0;
  let writing = Promise.resolve();
  const forward = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const exchange = await pass(upstream, agent, incoming, response);
      writing = writing.then(() => appendFile(file, `${JSON.stringify(exchange)}\n`));
      await writing;
      recorded++;
      response.end();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(502, { "content-type": "application/json" })
          .end(JSON.stringify({ error: message }));
    }
  };
  const server = await LoopbackServer.listen("recorder of Ollama", {
    port,
    onRequest: (request, response) => void forward(request, response),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    get recorded() {
      return recorded;
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await agent.destroy?.(); // Bun has an undici of its own, whose agents keep no connections
      await writing;
    },
  };
}

async function pass(
  upstream: string,
  agent: Agent,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<RecordedExchange> {
  const body = (await readText(incoming, MAX_BODY_BYTES)) ?? "";
  const method = incoming.method ?? "GET";
  const path = incoming.url ?? "/";
  const { authorization, "content-type": type } = incoming.headers;
  const answer = await send(new URL(path, upstream), {
    method: method as "GET",
    dispatcher: agent,
    headers: { ...(authorization && { authorization }), ...(type && { "content-type": type }) },
    body: body === "" ? null : body,
  });
  const contentType = String(answer.headers["content-type"] ?? "application/json");
  response.writeHead(answer.statusCode, { "content-type": contentType });
  const chunks: { afterMs: number; text: string }[] = [];
  let before = systemClock.monotonicMs();
  const decoder = new TextDecoder();
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    const now = systemClock.monotonicMs();
    chunks.push({
      afterMs: Math.round(now - before),
      text: scrubSecrets(decoder.decode(chunk, { stream: true })),
    });
    before = now;
    response.write(chunk);
  }
  return {
    method,
    path: path.split("?")[0]!,
    bodyHash: hashBody(body),
    body: scrubSecrets(body),
    status: answer.statusCode,
    contentType,
    chunks,
  };
}
