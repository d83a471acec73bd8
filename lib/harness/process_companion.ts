import { randomBytes } from "node:crypto";
import { Agent } from "undici";
import { readProcessMemory } from "../base/process_memory.ts";
import { DeadlineError, withDeadline } from "../base/deadline.ts";
import type { PlatformHealth } from "../base/platform_health.ts";
import { systemClock } from "../base/system_clock.ts";
import { type EmotionalState, parseEmotionalState } from "../emotion/emotional_state.ts";
import { Child } from "./_child_process.ts";
import { callCompanion, parsePlatforms } from "./_companion_api.ts";
import {
  type ArgumentTemplate,
  fillArguments,
  fillTemplate,
  fillVariables,
  type TemplateValues,
} from "./_template.ts";
import type { Companion, CompanionEnvironment, CompanionFactory, CompanionMemory } from "./companion.ts";

/** Paths of a companion's HTTP interface, below its address. */
export interface CompanionEndpoints {
  /** GET: nine numbers and `last_updated`, unless `parseEmotions` reads something else. @default {"/api/emotions"} */
  readonly emotions?: string | undefined;
  /** GET: Demi's `{platforms: …}` or a list, unless `parseHealth` reads something else. @default {"/api/platforms"} */
  readonly health?: string | undefined;
  /** POST with `{"ms": …}` and the control token as Bearer: lets so much time pass. @default none: it keeps real time */
  readonly advance?: string | undefined;
}

/** Options of {@linkcode ProcessCompanion}. */
export interface ProcessCompanionOptions {
  readonly command: string;
  /**
   * Arguments. They, `env` and `url` may name `{dataDirectory}`, `{discord.apiUrl}`, `{discord.token}`,
   * `{ollama.url}`, `{ollama.model}`, `{voice.url}`, `{voice.token}`, `{listen.host}`, `{listen.port}`,
   * `{initialEmotions}` (JSON), `{startTime}` (epoch ms of a virtual clock, not there on real time) and `{controlToken}`. An inner list is left out
   * as a whole when a value that it names is not there.
   */
  readonly args?: readonly ArgumentTemplate[] | undefined;
  /** Variables beside those of this process; left out when a value that they name is not there. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /**
   * A line of its output that says it is ready; without `url`, its first group is the address of its interface.
   *
   * @default the first address that it writes and that it was not given, as of a service around it
   */
  readonly ready?: RegExp | undefined;
  /** Address of its interface, where its output does not say it: `http://{listen.host}:{listen.port}`. */
  readonly url?: string | undefined;
  readonly endpoints?: CompanionEndpoints | undefined;
  readonly parseEmotions?: ((json: unknown) => EmotionalState) | undefined;
  readonly parseHealth?: ((json: unknown) => readonly PlatformHealth[]) | undefined;
  /** Real milliseconds. @default {30_000} */
  readonly startTimeoutMs?: number | undefined;
  /** Real milliseconds from SIGTERM to SIGKILL. @default {10_000} */
  readonly stopTimeoutMs?: number | undefined;
  /** Real milliseconds that an advance may take. @default {60_000} */
  readonly advanceTimeoutMs?: number | undefined;
}

/** A companion's process did not start, or did not end as it must. */
export class CompanionProcessError extends Error {
  override readonly name: string = "CompanionProcessError";
  /** The last lines that it wrote. */
  readonly logLines: readonly string[];

  constructor(message: string, logLines: readonly string[]) {
    const shown = logLines.slice(-10).map((line) => `\n    ${line}`);
    super(`${message}${shown.length > 0 ? `; it wrote:${shown.join("")}` : ""}`);
    this.logLines = logLines;
  }
}

const ANY_ADDRESS = /https?:\/\/[^\s"'<>()[\],;]+/g;
const DEATH_MS = 500;

/**
 * A companion that is a process of its own, in any language: started by a command, ended by SIGTERM, crashed by
 * SIGKILL, asked over HTTP. What it writes is kept. With an `advance` endpoint it lives on virtual time.
 * All that it has started ends with it. It does not outlive this process, however that ends; on
 * Windows only where that ends in order.
 *
 * @example `testEnvironment({ companion: processCompanion({ command: "python3", args: [...] }) })`
 */
export class ProcessCompanion implements Companion {
  readonly keepsOwnTime = true;
  /** There when an `advance` endpoint is. */
  readonly advance?: (durationMs: number) => Promise<void>;
  readonly #options: ProcessCompanionOptions;
  readonly #agent = new Agent();
  readonly #controlToken = randomBytes(16).toString("hex");
  #child: Child | undefined;
  #url: string | undefined;

  /** @throws {TypeError} If its address cannot be known: by `url`, or by a group of `ready`. */
  constructor(options: ProcessCompanionOptions) {
    this.#options = options;
    const { ready, url } = options;
    if (ready && url === undefined && !hasGroup(ready)) {
      throw new TypeError(
        `Cannot make companion: 'ready' must have a group for the address where there is no 'url', got ${ready}`,
      );
    }
    if (options.endpoints?.advance !== undefined) this.advance = (durationMs) => this.#advance(durationMs);
  }

  get url(): string | undefined {
    return this.#url;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get logLines(): readonly string[] {
    return this.#child?.lines ?? [];
  }

  /** @throws {CompanionProcessError} If it ends before it is ready, or is not ready in time. */
  async start(env: CompanionEnvironment): Promise<void> {
    if (this.#child && this.#child.end === undefined) {
      throw new Error("Cannot start companion: its process must have ended, got one that runs");
    }
    const { command, args = [], env: variables = {}, cwd, startTimeoutMs = 30_000 } = this.#options;
    const values = this.#values(env);
    const child = new Child({
      command,
      args: fillArguments(args, values),
      cwd,
      variables: { ...fillVariables(variables, values), ...env.process?.variables },
      uid: env.process?.uid,
      gid: env.process?.gid,
    });
    this.#child = child;
    try {
      this.#url = await withDeadline("see the companion ready", startTimeoutMs, (signal) =>
        Promise.race([this.#whenReady(child, values, signal), failedStart(child)]),
      );
    } catch (error) {
      await child.crash();
      if (!(error instanceof DeadlineError)) throw error;
      throw new CompanionProcessError(
        `Cannot start companion: it must be ready within ${startTimeoutMs} ms, got nothing that says so`,
        child.lines,
      );
    }
  }

  /** @throws {CompanionProcessError} If it had to be killed, or had ended by itself. */
  async stop(): Promise<void> {
    const { stopTimeoutMs = 10_000 } = this.#options;
    const end = this.#child?.end;
    const wasKilled = await this.#child?.stop(stopTimeoutMs);
    await this.#close();
    if (end !== undefined) {
      throw new CompanionProcessError(
        `Cannot stop companion: it must run until then, got ${end}`,
        this.logLines,
      );
    }
    if (!wasKilled) return;
    const message = `Cannot stop companion: it must end within ${stopTimeoutMs} ms of SIGTERM, got killed`;
    throw new CompanionProcessError(message, this.logLines);
  }

  async crash(): Promise<void> {
    await this.#child?.crash();
    await this.#close();
  }

  async emotions(): Promise<EmotionalState> {
    const { parseEmotions = parseEmotionalState, endpoints } = this.#options;
    return parseEmotions(await this.#get(endpoints?.emotions ?? "/api/emotions"));
  }

  async health(): Promise<readonly PlatformHealth[]> {
    const { parseHealth = parsePlatforms, endpoints } = this.#options;
    return parseHealth(await this.#get(endpoints?.health ?? "/api/platforms"));
  }

  /** Resident memory of the process itself, by `/proc` or else by `ps`. */
  async memory(): Promise<CompanionMemory> {
    const { pid } = this;
    if (pid === undefined || this.#child?.end !== undefined) {
      throw new Error("Cannot read memory: the companion's process must live, got one that does not");
    }
    return { rssBytes: readProcessMemory(pid).rssBytes };
  }

  async #advance(durationMs: number): Promise<void> {
    const { endpoints, advanceTimeoutMs = 60_000 } = this.#options;
    const child = this.#child;
    if (!child || child.end !== undefined || this.#url === undefined) return; // time passes without it
    try {
      await callCompanion(this.#agent, {
        method: "POST",
        url: new URL(endpoints!.advance!, this.#url).href,
        token: this.#controlToken,
        body: { ms: durationMs },
        timeoutMs: advanceTimeoutMs,
      });
    } catch (error) {
      // a process that dies resets its connections a moment before its end is known
      await Promise.race([child.ended, systemClock.sleep(DEATH_MS, { keepAlive: false })]);
      if (child.end === undefined) throw error;
    }
  }

  #get(path: string): Promise<unknown> {
    const end = this.#child?.end;
    if (end !== undefined) {
      const message = `Cannot ask companion: its process must run, got ${end}`;
      return Promise.reject(new CompanionProcessError(message, this.logLines));
    }
    if (this.#url === undefined) {
      return Promise.reject(new Error("Cannot ask companion: it must have started, got one that has not"));
    }
    return callCompanion(this.#agent, { method: "GET", url: new URL(path, this.#url).href });
  }

  async #whenReady(child: Child, values: TemplateValues, signal: AbortSignal): Promise<string> {
    const { url } = this.#options;
    const ready = this.#options.ready && withoutMemory(this.#options.ready);
    if (url === undefined) return await child.line((line) => findAddress(line, ready, values));
    const known = fillTemplate(url, values);
    if (known === undefined) throw new RangeError(`Cannot start companion: 'url' must be whole, got ${url}`);
    if (ready) await child.line((line) => ready.exec(line)?.[0]);
    for (;;) {
      const path = this.#options.endpoints?.health ?? "/api/platforms";
      const call = { method: "GET", url: new URL(path, known).href, timeoutMs: 1000 } as const;
      const answers = await callCompanion(this.#agent, call).then(
        () => true,
        () => false,
      );
      if (answers) return known;
      await systemClock.sleep(50, { signal });
    }
  }

  #values(env: CompanionEnvironment): TemplateValues {
    return {
      dataDirectory: env.dataDirectory,
      "discord.apiUrl": env.discord?.apiUrl,
      "discord.token": env.discord?.token,
      "ollama.url": env.ollama?.url,
      "ollama.model": env.ollama?.model,
      "voice.url": env.voice?.url,
      "voice.token": env.voice?.token,
      "listen.host": env.listen?.host,
      "listen.port": env.listen?.port,
      initialEmotions: env.initialEmotions && JSON.stringify(env.initialEmotions),
      startTime: env.clock === systemClock ? undefined : env.clock.now(),
      controlToken: this.#controlToken,
    };
  }

  async #close(): Promise<void> {
    this.#url = undefined;
    await this.#agent.close?.(); // Bun has an undici of its own, whose agents keep no connections
  }
}

/** A pattern that begins anew with each line. */
function withoutMemory(pattern: RegExp): RegExp {
  return new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ""));
}

function hasGroup(pattern: RegExp): boolean {
  return new RegExp(`${pattern.source}|`, pattern.flags).exec("")!.length > 1;
}

/** Address of a companion's interface in a line that it wrote. */
function findAddress(line: string, ready: RegExp | undefined, values: TemplateValues): string | undefined {
  const known = Object.values(values).map((value) => URL.parse(String(value))?.host);
  const others = new Set(known.filter((host) => host !== undefined && host !== ""));
  const found = ready
    ? ready.exec(line)?.[1]
    : line.match(ANY_ADDRESS)?.find((address) => !others.has(URL.parse(address)?.host ?? ""));
  return found?.replace("//0.0.0.0", "//127.0.0.1"); // every address is no address to connect to
}

async function failedStart(child: Child): Promise<never> {
  await child.ended;
  throw new CompanionProcessError(
    `Cannot start companion: its process must be ready before it ends, got ${child.end}`,
    child.lines,
  );
}

/** A factory for `testEnvironment` and the scenarios: a new process for each companion. */
export function processCompanion(options: ProcessCompanionOptions): CompanionFactory {
  return () => new ProcessCompanion(options);
}
