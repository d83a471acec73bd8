/**
 * The sampling of allocations was ended by another inspector of the process: V8 has one sampler in a thread, and whoever started
 * it ends it with his leaving. It was begun anew: the next profile knows what was allocated since, and earlier ones cannot be
 * compared with it.
 */
export class SamplingLostError extends Error {
  override readonly name = "SamplingLostError";

  constructor() {
    super(
      "Cannot read allocation profile: its sampling must have gone on, got one that another inspector ended",
    );
  }
}
