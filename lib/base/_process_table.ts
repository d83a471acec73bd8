/** A line of what `ps -A -o pid=,ppid=,rss=,etime=` prints. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly rssBytes: number;
  readonly uptimeSeconds: number | undefined;
}

/** Rows of the table, by process number; lines that are no row are passed over. */
export function parseProcessTable(text: string): ReadonlyMap<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>();
  for (const line of text.split("\n")) {
    const [, pid, parent, kilobytes, elapsed = ""] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s*$/.exec(line) ?? [];
    if (pid === undefined) continue;
    rows.set(Number(pid), {
      pid: Number(pid),
      parent: Number(parent),
      rssBytes: Number(kilobytes) * 1024,
      uptimeSeconds: parseElapsed(elapsed),
    });
  }
  return rows;
}

/** The process and its descendants: that one first, none twice. Empty where it is not in the table. */
export function familyOf(rows: ReadonlyMap<number, ProcessRow>, pid: number): readonly ProcessRow[] {
  const own = rows.get(pid);
  const found = new Set<ProcessRow>(own ? [own] : []);
  const children = Map.groupBy(rows.values(), ({ parent }) => parent);
  // a set gives what is added while it is walked
  for (const row of found) for (const child of children.get(row.pid) ?? []) found.add(child);
  return [...found];
}

/** Seconds of `[[days-]hours:]minutes:seconds`. */
function parseElapsed(text: string): number | undefined {
  const match = /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)$/.exec(text);
  if (!match) return undefined;
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = match;
  return Number(days) * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
