const LOUD = 0.01; // root mean square, of full scale 1: -40 dB

/** Tells from the energy of the audio where speech begins, and where it is over. */
export class VoiceActivity {
  readonly #endSilenceMs: number;
  #isSpeaking = false;
  #silentMs = 0;

  /** @param endSilenceMs Silence after which speech is over; a shorter one is a pause. */
  constructor(endSilenceMs: number) {
    this.#endSilenceMs = endSilenceMs;
  }

  /** The next part of the audio; says whether speech begins in it, or is over with it. */
  push(samples: Int16Array, durationMs: number): "started" | "stopped" | undefined {
    const isLoud = loudness(samples) > LOUD;
    this.#silentMs = isLoud ? 0 : this.#silentMs + durationMs;
    if (isLoud && !this.#isSpeaking) {
      this.#isSpeaking = true;
      return "started";
    }
    if (!this.#isSpeaking || this.#silentMs < this.#endSilenceMs) return undefined;
    this.#isSpeaking = false;
    return "stopped";
  }
}

function loudness(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length) / 32_768;
}
