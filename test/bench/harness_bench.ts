// How fast the harness and its mocks are, each beside the bare thing that it is built on, in one run.
import { median } from "../../lib/stats/median.ts";
import { reportBench } from "./_bench_report.ts";
import { measureEnvironment } from "./_environment_load.ts";
import { measureGateway } from "./_gateway_load.ts";
import { measureOllamaStream } from "./_ollama_load.ts";
import { measureScenarios } from "./_scenario_load.ts";

const ROUNDS = 3;

function say(what: string): void {
  if (!process.argv.includes("--json")) console.error(what);
}

async function repeat<T>(what: string, measure: () => Promise<T>): Promise<readonly T[]> {
  const measured: T[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    say(`${what}, round ${round} of ${ROUNDS} …`);
    measured.push(await measure());
  }
  return measured;
}

const environments = await repeat("environments", measureEnvironment);
const scenarios = await repeat("scenarios", measureScenarios);
const gateway = await repeat("gateway", measureGateway);
const ollama = await repeat("Ollama stream", measureOllamaStream);
const bareGateway = median(gateway.map(({ peer }) => peer));
const bareStream = median(ollama.map(({ peer }) => peer));
reportBench([
  { name: "environment up", unit: "ms", measured: environments.map(({ upMs }) => upMs), goal: 150 },
  { name: "environment down", unit: "ms", measured: environments.map(({ downMs }) => downMs), goal: 50 },
  {
    name: "the fifteen scenarios, virtual clock",
    unit: "ms",
    measured: scenarios.map(({ totalMs }) => totalMs),
    goal: 10_000,
  },
  {
    name: "gateway, 1,000 bots connected",
    unit: "events/s",
    measured: gateway.map(({ ours }) => ours),
    peers: { "bare ws broadcast": bareGateway },
    goal: bareGateway / 2,
    better: "higher",
  },
  {
    name: "Ollama stream",
    unit: "lines/s",
    measured: ollama.map(({ ours }) => ours),
    peers: { "bare node:http": bareStream },
    goal: bareStream / 2,
    better: "higher",
  },
]);
