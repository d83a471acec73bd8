import { parsePlatformHealth, type PlatformHealth } from "./base/platform_health.ts";
import { type EmotionalState, parseEmotionalState } from "./emotion/emotional_state.ts";

/**
 * The emotional state that a host gave, or `undefined` if it gave none.
 *
 * @throws {TypeError} If it is not one.
 */
export function parseEmotions(input: unknown): EmotionalState | undefined {
  return input === undefined || input === null ? undefined : parseEmotionalState(input);
}

/**
 * The platforms that a host gave. One that is wrong costs itself only: it is reported and left out.
 *
 * @throws {TypeError} If it is no list.
 */
export function parsePlatforms(input: unknown, onError: (error: unknown) => void): readonly PlatformHealth[] {
  if (!Array.isArray(input)) {
    throw new TypeError(`Cannot parse platforms: they must be a list, got ${typeof input}`);
  }
  const platforms = new Map<string, PlatformHealth>();
  for (const entry of input as readonly unknown[]) {
    try {
      const platform = parsePlatformHealth(entry);
      if (platforms.has(platform.name)) {
        throw new TypeError(`Cannot parse platforms: names must differ, got ${platform.name} twice`);
      }
      platforms.set(platform.name, platform);
    } catch (error) {
      onError(error);
    }
  }
  return [...platforms.values()];
}
