/** A table of rollups: each row sums up the samples of one series from `time` to `time + stepMs`. */
export interface RollupLevel {
  readonly table: string;
  readonly stepMs: number;
}

/** Levels from fine to coarse; the step of each divides that of the next. */
export const ROLLUP_LEVELS: readonly [minutes: RollupLevel, tenMinutes: RollupLevel, hours: RollupLevel] = [
  { table: "rollup_1m", stepMs: 60_000 },
  { table: "rollup_10m", stepMs: 600_000 },
  { table: "rollup_1h", stepMs: 3_600_000 },
];

export const MINUTE_LEVEL = 0;
/** Columns of a rollup's row. */
export const MIN = 1;
export const MAX = 2;
export const SUM = 3;
export const COUNT = 4;
export const LAST = 5;
/** Columns of samples, and of rollups, the time included. */
export const SAMPLE_WIDTH = 2;
export const ROLLUP_WIDTH = 6;

/** Most rows of a chunk. */
export const CHUNK_SAMPLES = 512;
export const CHUNK_ROLLUPS = 64;
