import type { BenchRow } from "./_bench_report.ts";
import { measureWeek, type WeekFigures } from "./_stability_week.ts";

const ROUNDS = 3;

/** Virtual weeks of a companion that does nothing, and of pocket Demi, each in a process of its own. */
export async function measureWeekRows(say: (what: string) => void): Promise<readonly BenchRow[]> {
  const repeat = async (
    kind: "casual" | "active" | "bare",
    rounds: number,
  ): Promise<readonly WeekFigures[]> => {
    const measured: WeekFigures[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`${kind} week, round ${round} of ${rounds} …`);
      measured.push(await measureWeek(kind));
    }
    const hashes = new Set(measured.map(({ eventHash }) => eventHash));
    if (hashes.size > 1)
      throw new Error(`Cannot bench: a ${kind} week must have one event hash, got ${hashes.size}`);
    return measured;
  };
  const bare = await repeat("bare", ROUNDS);
  const casual = await repeat("casual", ROUNDS);
  const active = await repeat("active", 1);
  return [
    { name: "a bare companion's week", goal: 3000, measured: bare },
    { name: `pocket Demi's week, casual, ${casual[0]!.messages} messages`, goal: 30_000, measured: casual },
    { name: `pocket Demi's week, active, ${active[0]!.messages} messages`, goal: 100_000, measured: active },
  ].map(({ name, goal, measured }) => ({
    name,
    unit: "ms",
    measured: measured.map(({ wallMs }) => wallMs),
    goal,
  }));
}
