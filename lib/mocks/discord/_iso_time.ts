/** Time as Discord writes it: microseconds and a numeric offset. */
export function toIsoTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace("Z", "000+00:00");
}
