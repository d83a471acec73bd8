// This module is browser-safe.
import type { Issue } from "./_issue.ts";
import type { Look } from "./_look.ts";
import type { Track } from "./_track.ts";

/** What a platform showed last. */
interface PlatformView {
  time: number;
  values: number[];
  /** Looks in a row that did not fit what another platform had shown. */
  disagreements: number;
  since: number;
}

/** By platform, as plain data. */
export type PlatformViewsState = Record<string, PlatformView>;

const MOST_PLATFORMS = 16;
const MOMENT_MS = 10_000;
const VISIBLE = 0.001;
// One disagreement can be a look that ran into a change; two in a row cannot.
const DISAGREEMENTS = 2;
const NEARER = 0.9;

/** What a platform's look says, beside the state that is followed. */
export interface PlatformVerdict {
  /** Whether the look shows another state than the one that is followed and must not be taken in. */
  readonly isOther: boolean;
  readonly issues: readonly Issue[];
}

/** Compares what platforms show of one state. */
export class PlatformViews {
  readonly state: PlatformViewsState;
  readonly #visible: number;

  /** @param span Width of the range of emotions. */
  constructor(span: number, state: PlatformViewsState = {}) {
    this.state = state;
    this.#visible = VISIBLE * span;
  }

  /**
   * @param hull What the state that is followed can have come to, without interactions that were not told.
   * @param isExplained Whether it can have come to what the look shows in any way.
   */
  judge(
    look: Look,
    values: readonly number[],
    track: Track,
    hull: { readonly low: readonly number[]; readonly high: readonly number[] },
    isExplained: boolean,
  ): PlatformVerdict {
    const { platform } = look;
    if (platform === undefined) return { isOther: false, issues: [] };
    const known = this.state[platform];
    const off = values.flatMap((value, index) => {
      const [low, high] = [hull.low[index]!, hull.high[index]!];
      return value < low - this.#visible || value > high + this.#visible ? [{ index, low, high }] : [];
    });
    const isOther = track.platform !== null && track.platform !== platform && off.length > 0;
    const isSameMoment = look.time - track.time <= MOMENT_MS;
    const isNearOwn = known !== undefined && isNearer(off, values, known.values);
    const disagrees =
      isOther && (isSameMoment || (!isExplained && (isNearOwn || (known?.disagreements ?? 0) > 0)));
    const disagreements = disagrees ? (known?.disagreements ?? 0) + 1 : 0;
    const since = disagreements > 1 ? known!.since : look.time;
    this.#keep(platform, { time: look.time, values: [...values], disagreements, since });
    if (disagreements < DISAGREEMENTS) return { isOther: disagrees, issues: [] };
    const note = `${track.platform} showed the other values at ${new Date(track.time).toISOString()}`;
    return { isOther: true, issues: [{ kind: "platforms-disagree", entries: off, since, note }] };
  }

  #keep(platform: string, view: PlatformView): void {
    this.state[platform] = view;
    const names = Object.keys(this.state);
    if (names.length <= MOST_PLATFORMS) return;
    const oldest = names.reduce((a, b) => (this.state[a]!.time <= this.state[b]!.time ? a : b));
    delete this.state[oldest];
  }
}

/** Whether what is off is much nearer to what the platform itself showed last. */
function isNearer(
  off: readonly { readonly index: number; readonly low: number; readonly high: number }[],
  values: readonly number[],
  own: readonly number[],
): boolean {
  let toOwn = 0;
  let toOther = 0;
  for (const { index, low, high } of off) {
    const value = values[index]!;
    toOwn += Math.abs(value - own[index]!);
    toOther += Math.max(low - value, value - high);
  }
  return toOwn < NEARER * toOther;
}
