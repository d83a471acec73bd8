// This module is browser-safe.
import type {
  EmotionDeviation,
  EmotionFinding,
  EmotionFindingKind,
  EmotionSample,
} from "./emotion_finding.ts";
import { toMessage, toSeeAgain } from "./_finding_text.ts";
import type { Issue } from "./_issue.ts";

/** How often a kind of finding came for one emotion. */
export interface EmotionEpisode {
  readonly kind: EmotionFindingKind;
  /** `undefined`: the state as a whole. */
  readonly emotion: string | undefined;
  readonly times: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Everything that changes, as plain data. */
export interface FindingLogState {
  total: number;
  findings: EmotionFinding[];
  episodes: Record<string, { times: number; firstAt: number; lastAt: number }>;
}

/** What an issue was seen in. */
export interface IssueContext {
  readonly names: readonly string[];
  readonly observation: number;
  readonly cause: string | undefined;
  readonly before: EmotionSample | undefined;
  readonly after: EmotionSample;
}

const QUIET_MS = 3_600_000;
const WHOLE = "*";

/** Keeps findings: each told once while it goes on, again after an hour without it. */
export class FindingLog {
  readonly state: FindingLogState;
  readonly #most: number;

  constructor(most: number, state: FindingLogState = { total: 0, findings: [], episodes: {} }) {
    this.#most = most;
    this.state = state;
  }

  /** Findings that are new in these issues. */
  note(issues: readonly Issue[], context: IssueContext): readonly EmotionFinding[] {
    const fresh: EmotionFinding[] = [];
    for (const issue of issues) {
      const entries = issue.entries.filter(({ index }) =>
        this.#isNew(issue.kind, context.names[index]!, context.after.timestamp),
      );
      const isWhole = issue.entries.length === 0;
      if (isWhole ? !this.#isNew(issue.kind, WHOLE, context.after.timestamp) : entries.length === 0) continue;
      fresh.push(toFinding({ ...issue, entries }, context));
    }
    this.state.total += fresh.length;
    this.state.findings.push(...fresh);
    this.state.findings.splice(0, Math.max(0, this.state.findings.length - this.#most));
    return fresh;
  }

  get episodes(): readonly EmotionEpisode[] {
    return Object.entries(this.state.episodes).map(([key, episode]) => {
      const at = key.indexOf(" ");
      const emotion = key.slice(at + 1);
      return {
        kind: key.slice(0, at) as EmotionFindingKind,
        emotion: emotion === WHOLE ? undefined : emotion,
        ...episode,
      };
    });
  }

  #isNew(kind: EmotionFindingKind, emotion: string, at: number): boolean {
    const key = `${kind} ${emotion}`;
    const known = this.state.episodes[key];
    if (!known) {
      this.state.episodes[key] = { times: 1, firstAt: at, lastAt: at };
      return true;
    }
    const isNew = at - known.lastAt > QUIET_MS;
    known.times++;
    known.lastAt = at;
    return isNew;
  }
}

function toFinding(issue: Issue, context: IssueContext): EmotionFinding {
  const { kind, since, note } = issue;
  const { before, after, cause, names } = context;
  const deviations = issue.entries.map(({ index, low, high, diagnosis }): EmotionDeviation => {
    const emotion = names[index]!;
    const seen = after.values[emotion]!;
    return { emotion, seen: Number.isFinite(seen) ? seen : String(seen), low, high, diagnosis };
  });
  const parts = { kind, deviations, before, after, since, cause, note };
  return Object.freeze({
    kind,
    emotion: deviations[0]?.emotion,
    deviations,
    at: after.timestamp,
    since,
    observation: context.observation,
    platform: after.platform,
    cause,
    message: toMessage(parts),
    seeAgain: toSeeAgain(parts),
    before,
    after,
  });
}
