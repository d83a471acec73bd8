import type { MockDiscordOptions } from "./discord_options.ts";

/** @throws {RangeError} If an option is out of its range. */
export function checkDiscordOptions(options: MockDiscordOptions): void {
  const {
    heartbeatIntervalMs = 1,
    resumeWindowMs = 1,
    replyPatienceMs = 1,
    channels = [""],
    historyLimit = 1,
  } = options;
  const { shards = 1, identifyLimit = {} } = options;
  const { maxConcurrency = 1, windowMs = 1, dailyStarts = 1 } = identifyLimit;
  const limits = Object.entries({ rateLimit: options.rateLimit, globalRateLimit: options.globalRateLimit });
  const values = Object.entries({
    heartbeatIntervalMs,
    resumeWindowMs,
    replyPatienceMs,
    historyLimit,
    channels: channels.length,
    shards,
    "identifyLimit.maxConcurrency": maxConcurrency,
    "identifyLimit.windowMs": windowMs,
    "identifyLimit.dailyStarts": dailyStarts,
  });
  for (const [name, limit] of limits) {
    if (limit) values.push([`${name}.limit`, limit.limit], [`${name}.windowMs`, limit.windowMs]);
  }
  for (const [name, value] of values) {
    if (!(value > 0))
      throw new RangeError(`Cannot start mock Discord server: '${name}' must be > 0, got ${value}`);
  }
}
