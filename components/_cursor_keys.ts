// This module is browser-safe.

const PAGE_SHARE = 0.1;

/**
 * Row to which a key moves a chart's cursor, as keys move a slider.
 *
 * @param row Where the cursor is.
 * @param last The last row.
 * @returns The row, `"none"` when the key takes the cursor away, `undefined` when it means nothing here.
 */
export function rowForKey(key: string, row: number, last: number): number | "none" | undefined {
  const page = Math.max(1, Math.round(last * PAGE_SHARE));
  const within = (target: number): number => Math.min(last, Math.max(0, target));
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return within(row - 1);
    case "ArrowRight":
    case "ArrowUp":
      return within(row + 1);
    case "PageDown":
      return within(row - page);
    case "PageUp":
      return within(row + page);
    case "Home":
      return 0;
    case "End":
      return last;
    case "Escape":
      return "none";
    default:
      return undefined;
  }
}
