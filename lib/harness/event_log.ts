/** Something that happened in an environment. Never what people wrote. */
export interface HarnessEvent {
  /** Epoch ms of the clock. */
  readonly at: number;
  /** Such as `message sent`, `reply`, `companion started`, `companion crashed`, `outage`, `step`. */
  readonly kind: string;
  readonly detail: string;
}
