// How long virtual weeks take.
import process from "node:process";
import { reportBench } from "./_bench_report.ts";
import { measureWeek, type WeekFigures } from "./_stability_week.ts";

const ROUNDS = 3;

async function repeat(kind: "casual" | "active" | "bare", rounds: number): Promise<readonly WeekFigures[]> {
  const measured: WeekFigures[] = [];
  for (let round = 1; round <= rounds; round++) {
    if (!process.argv.includes("--json")) console.error(`${kind} week, round ${round} of ${rounds} …`);
    measured.push(await measureWeek(kind));
  }
  const hashes = new Set(measured.map(({ eventHash }) => eventHash));
  if (hashes.size > 1) throw new Error(`A ${kind} week must have one event hash, got ${hashes.size}`);
  return measured;
}

const bare = await repeat("bare", ROUNDS);
const casual = await repeat("casual", ROUNDS);
const active = await repeat("active", 1);
const rows = [
  { name: "a bare companion's week", goal: 3000, measured: bare },
  { name: `pocket Demi's week, casual, ${casual[0]!.messages} messages`, goal: 30_000, measured: casual },
  { name: `pocket Demi's week, active, ${active[0]!.messages} messages`, goal: 100_000, measured: active },
];
reportBench(
  rows.map(({ name, goal, measured }) => ({
    name,
    unit: "ms",
    measured: measured.map(({ wallMs }) => wallMs),
    goal,
  })),
);
