import { readFile } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import { systemClock } from "../../base/system_clock.ts";
import { ClockLedger } from "../_clock_ledger.ts";
import type { CallDetails, OllamaRequest } from "./_ollama_api.ts";
import { OllamaError } from "./_ollama_requests.ts";
import { hashBody, type RecordedExchange } from "./_recording.ts";

/** Answers requests as they were answered when they were recorded, in the same time. */
export class Replay {
  readonly #clock: Clock;
  readonly #exchanges = new Map<string, RecordedExchange[]>();

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @throws {SyntaxError} If a line is not what `recordOllama` writes.
   * @throws {Error} If the file cannot be read.
   */
  static async open(file: string, clock: Clock = systemClock): Promise<Replay> {
    const replay = new Replay(clock);
    const lines = (await readFile(file, "utf8")).split("\n");
    for (const [index, line] of lines.entries()) {
      if (line.trim() === "") continue;
      const exchange = parseExchange(line, file, index + 1);
      const key = `${exchange.method} ${exchange.path} ${exchange.bodyHash}`;
      replay.#exchanges.set(key, [...(replay.#exchanges.get(key) ?? []), exchange]);
    }
    return replay;
  }

  /** @throws {OllamaError} With 404 for a request that was not recorded. */
  async answer({ method, path, body, response }: OllamaRequest): Promise<CallDetails> {
    const found = this.#exchanges.get(`${method} ${path} ${hashBody(body)}`);
    if (!found) throw new OllamaError(404, this.#describeMissing(method, path));
    // what was asked several times is answered in that order, and then as the last time
    const exchange = found.length > 1 ? found.shift()! : found[0]!;
    response.writeHead(exchange.status, { "content-type": exchange.contentType });
    for (const { afterMs, text } of exchange.chunks) {
      if (afterMs > 0) {
        await ClockLedger.of(this.#clock).waiting(this.#clock.sleep(afterMs, { keepAlive: false }));
      }
      if (response.destroyed) return { outcome: "aborted" };
      response.write(text);
    }
    response.end();
    return {};
  }

  #describeMissing(method: string, path: string): string {
    const same = [...this.#exchanges.keys()].filter((key) => key.startsWith(`${method} ${path} `)).length;
    return `the recording has no ${method} ${path} with this body; it has ${same} with others`;
  }
}

function parseExchange(line: string, file: string, number: number): RecordedExchange {
  try {
    const exchange = JSON.parse(line) as RecordedExchange;
    if (typeof exchange.bodyHash === "string" && Array.isArray(exchange.chunks)) return exchange;
  } catch {
    // said below
  }
  throw new SyntaxError(
    `Cannot read recording ${file}: line ${number} must be an exchange, got ${line.slice(0, 60)}`,
  );
}
