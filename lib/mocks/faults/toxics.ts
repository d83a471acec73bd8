/** What all toxics have. */
interface ToxicBase {
  /** Direction: `downstream` is what the server sends to the client. @default {"downstream"} */
  readonly stream?: "upstream" | "downstream" | undefined;
  /** Share of connections that it is on, rolled for each when it opens or the toxic is added. @default {1} */
  readonly toxicity?: number | undefined;
  /** Names it in the log. @default its kind and stream */
  readonly name?: string | undefined;
}

/** Each chunk is delayed, counted from its arrival. */
export interface LatencyToxic extends ToxicBase {
  readonly kind: "latency";
  readonly latencyMs: number;
  /** How far a delay may be off, evenly spread. @default {0} */
  readonly jitterMs?: number | undefined;
}

/** At most so much passes, in pieces of 100 ms; 0 lets nothing pass. */
export interface BandwidthToxic extends ToxicBase {
  readonly kind: "bandwidth";
  /** 1000 bytes a second each. */
  readonly kilobytesPerSecond: number;
}

/** The end of the stream is passed on late. */
export interface SlowCloseToxic extends ToxicBase {
  readonly kind: "slow_close";
  readonly delayMs: number;
}

/**
 * Nothing passes, and the connection is closed after a silence of so long, or when the sender ends; 0 never closes it
 * for silence. Its removal closes the connections that it was on: data is missing there.
 */
export interface TimeoutToxic extends ToxicBase {
  readonly kind: "timeout";
  readonly timeoutMs: number;
}

/** The connection is reset, so long after the first data or the end. */
export interface ResetPeerToxic extends ToxicBase {
  readonly kind: "reset_peer";
  readonly timeoutMs: number;
}

/**
 * Data is cut into small pieces of `averageBytes` ± `variationBytes`, with a pause behind each. (Toxiproxy halves a chunk
 * until its parts are small enough, which gives pieces of little more than half the average.)
 */
export interface SlicerToxic extends ToxicBase {
  readonly kind: "slicer";
  readonly averageBytes: number;
  /** @default {0} */
  readonly variationBytes?: number | undefined;
  /** @default {0} */
  readonly delayMicroseconds?: number | undefined;
}

/** Exactly so many bytes pass, then the connection is closed. */
export interface LimitDataToxic extends ToxicBase {
  readonly kind: "limit_data";
  readonly bytes: number;
}

/** Like {@linkcode LimitDataToxic}, but it can reset, too. */
export interface CutToxic extends ToxicBase {
  readonly kind: "cut";
  readonly bytes: number;
  /** @default {"end"} */
  readonly by?: "end" | "reset" | undefined;
}

/** So many bytes pass, then nothing more, and the connection stays open. */
export interface StallToxic extends ToxicBase {
  readonly kind: "stall";
  readonly bytes: number;
}

/** A byte every so often, heads and all. */
export interface SlowDripToxic extends ToxicBase {
  readonly kind: "slow_drip";
  readonly bytesPerSecond: number;
}

/** An HTTP message whose head comes at once, and whose body comes a byte every so often. */
export interface DribbledBodyToxic extends ToxicBase {
  readonly kind: "dribbled_body";
  readonly bytesPerSecond: number;
}

/** Bytes pass twice, once in the life of a connection. */
export interface DuplicateToxic extends ToxicBase {
  readonly kind: "duplicate";
  /** The first byte of them. @default {0} */
  readonly afterBytes?: number | undefined;
  /** How many. @default those that came together with the first, which differs from run to run */
  readonly bytes?: number | undefined;
}

/**
 * Closes in the middle of a line of NDJSON: after `lines` whole lines and half of the next. Lines that begin with `{`
 * or `data:` count, so that heads of HTTP and chunk sizes do not.
 */
export interface CutLineToxic extends ToxicBase {
  readonly kind: "cut_line";
  readonly lines: number;
  /** @default {"end"} */
  readonly by?: "end" | "reset" | undefined;
}

/** Makes JSON unreadable: the `nth` `}` of the stream, from 1, becomes `]`. */
export interface BreakJsonToxic extends ToxicBase {
  readonly kind: "break_json";
  /** @default {1} */
  readonly nth?: number | undefined;
}

/** Answers the first data with so many random bytes, and closes. */
export interface GarbageToxic extends ToxicBase {
  readonly kind: "garbage";
  readonly bytes: number;
}

/** Makes HTTP's chunked transfer coding invalid: the first chunk size becomes no number. */
export interface MalformedChunkToxic extends ToxicBase {
  readonly kind: "malformed_chunk";
}

/**
 * Something that a {@linkcode FaultProxy} does to the bytes of a connection. Those of Toxiproxy (to `limit_data`) mean
 * what they mean there.
 */
export type Toxic =
  | LatencyToxic
  | BandwidthToxic
  | SlowCloseToxic
  | TimeoutToxic
  | ResetPeerToxic
  | SlicerToxic
  | LimitDataToxic
  | CutToxic
  | StallToxic
  | SlowDripToxic
  | DribbledBodyToxic
  | DuplicateToxic
  | CutLineToxic
  | BreakJsonToxic
  | GarbageToxic
  | MalformedChunkToxic;

/** What a {@linkcode FaultProxy} does to a connection as a whole, when it is made. */
export type ConnectionFault =
  /** Closed before a byte was passed. */
  | { readonly kind: "refuse" }
  /** Reset before a byte was passed. */
  | { readonly kind: "reset" }
  /** Accepted, what is sent is taken, and nothing comes back ever. */
  | { readonly kind: "half_open" }
  /** Accepts a request, and closes without an answer. */
  | { readonly kind: "empty_response" };

const LEAST: Readonly<Record<string, number>> = {
  latencyMs: 0,
  jitterMs: 0,
  kilobytesPerSecond: 0,
  delayMs: 0,
  timeoutMs: 0,
  averageBytes: 1,
  variationBytes: 0,
  delayMicroseconds: 0,
  bytes: 0,
  bytesPerSecond: 0.001,
  afterBytes: 0,
  lines: 0,
  nth: 1,
};

const WHOLE: ReadonlySet<string> = new Set([
  "averageBytes",
  "variationBytes",
  "bytes",
  "afterBytes",
  "lines",
  "nth",
]);

/** @throws {RangeError} If a number of the toxic is out of its range; the message names it. */
export function checkToxic(toxic: Toxic): void {
  for (const [name, value] of Object.entries(toxic)) {
    const least = LEAST[name];
    if (least === undefined || value === undefined) continue;
    const isWhole = WHOLE.has(name);
    const isFine = isWhole ? Number.isInteger(value) : Number.isFinite(value);
    if (isFine && (value as number) >= least) continue;
    const rule = `${isWhole ? "an integer" : "finite"} and >= ${least}`;
    throw new RangeError(`Cannot add toxic '${toxic.kind}': '${name}' must be ${rule}, got ${value}`);
  }
  const { toxicity = 1 } = toxic;
  if (!(toxicity >= 0 && toxicity <= 1)) {
    throw new RangeError(`Cannot add toxic '${toxic.kind}': 'toxicity' must be in [0, 1], got ${toxicity}`);
  }
  if (toxic.kind === "slicer" && (toxic.variationBytes ?? 0) >= toxic.averageBytes) {
    const { variationBytes, averageBytes } = toxic;
    const rule = `less than 'averageBytes' ${averageBytes}`;
    throw new RangeError(
      `Cannot add toxic 'slicer': 'variationBytes' must be ${rule}, got ${variationBytes}`,
    );
  }
}
