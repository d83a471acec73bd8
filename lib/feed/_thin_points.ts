// This module is browser-safe.
import type { FeedPoint } from "./messages.ts";

/** At most `count` points, the first and the last among them: of each stretch between the lowest stays. */
export function thinToLowest(points: readonly FeedPoint[], count: number): readonly FeedPoint[] {
  if (points.length <= count) return points;
  const inner = points.slice(1, -1);
  const lowest = stretchesOf(inner, count - 2).map((stretch) =>
    stretch.reduce((a, b) => (b[1] < a[1] ? b : a)),
  );
  return [points[0]!, ...lowest, points.at(-1)!];
}

/** At most `count` points: of each stretch the lowest and the highest stay, in their order. */
export function thinToExtremes(points: readonly FeedPoint[], count: number): readonly FeedPoint[] {
  if (points.length <= count) return points;
  return stretchesOf(points, Math.floor(count / 2)).flatMap((stretch) => {
    const low = stretch.reduce((a, b) => (b[1] < a[1] ? b : a));
    const high = stretch.reduce((a, b) => (b[1] > a[1] ? b : a));
    if (low === high) return [low];
    return low[0] <= high[0] ? [low, high] : [high, low];
  });
}

function stretchesOf(points: readonly FeedPoint[], count: number): (readonly FeedPoint[])[] {
  return Array.from({ length: count }, (_, index) =>
    points.slice(
      Math.floor((index * points.length) / count),
      Math.floor(((index + 1) * points.length) / count),
    ),
  );
}
