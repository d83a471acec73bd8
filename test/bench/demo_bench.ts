// The figures of the demo, as its user meets them: until the page moves, until a change is on the page, until an outage is
// shown, alerts and is over, until Ctrl-C has ended everything. Real processes, real Chromium. `node test/bench/demo_bench.ts`
import type { FeedMessage } from "../../lib/feed/messages.ts";
import { isPlatformUp } from "../../lib/base/platform_health.ts";
import { type EmotionalState, mapEmotions } from "../../lib/emotion/emotional_state.ts";
import { HealthMonitor } from "../../lib/health_monitor.ts";
import { Dashboard } from "../../lib/server/dashboard.ts";
import { openPage } from "../browser/_browser.ts";
import { Demo, temporaryDirectory } from "../integration/_demo.ts";
import { reportBench } from "./_bench_report.ts";

const RUNS = 3;
const OUTAGE_MS = 30_000;

const measured = {
  start: [] as number[],
  change: [] as number[],
  shown: [] as number[],
  alert: [] as number[],
  recovery: [] as number[],
  stop: [] as number[],
};

function say(text: string): void {
  if (!process.argv.includes("--json")) console.error(text);
}

function isDiscordUp(message: FeedMessage, up: boolean): boolean {
  if (message.type !== "platforms" && message.type !== "snapshot") return false;
  return message.data.platforms.some(({ name, status }) => name === "discord" && isPlatformUp(status) === up);
}

async function when(demo: Demo, condition: (message: FeedMessage) => boolean): Promise<number> {
  for await (const message of demo.feed()) if (condition(message)) return performance.now();
  throw new Error("the feed ended");
}

async function measureDemo(): Promise<void> {
  await using data = await temporaryDirectory();
  const begun = performance.now();
  await using demo = await Demo.start(data.path);
  {
    await using opened = await openPage(demo.url);
    const live = opened.page.getByRole("status").filter({ hasText: /live/i }).first();
    await live.waitFor();
    await when(demo, (message) => message.type === "emotions");
    measured.start.push(performance.now() - begun);
  }
  await when(demo, (message) => isDiscordUp(message, true));
  const down = performance.now();
  const shown = when(demo, (message) => isDiscordUp(message, false));
  const alerted = when(
    demo,
    ({ type, data: alert }) =>
      type === "alert" && alert.rule === "platform_unhealthy" && alert.state === "firing",
  );
  await demo.runAction("discord-outage");
  measured.shown.push((await shown) - down);
  measured.alert.push((await alerted) - down);
  measured.recovery.push((await when(demo, (message) => isDiscordUp(message, true))) - down - OUTAGE_MS);
  const stopping = performance.now();
  await demo.kill("SIGINT");
  measured.stop.push(performance.now() - stopping);
}

// In the page, frame by frame: the test runner's own waiting looks at growing intervals, up to half a second.
function awaitRadarText(text: string): Promise<void> {
  const panel = document.querySelector("demi-health-panel")?.shadowRoot;
  const radar = panel?.querySelector("demi-emotion-radar")?.shadowRoot;
  return new Promise((resolve) => {
    const look = (): void => {
      if (radar?.textContent?.includes(text)) resolve();
      else requestAnimationFrame(look);
    };
    look();
  });
}

async function measureChanges(): Promise<void> {
  let curiosity = 0.5;
  const read = (): EmotionalState => ({
    ...mapEmotions(() => 0.5),
    curiosity,
    momentum: mapEmotions(() => 0),
    lastUpdated: Date.now(),
  });
  await using monitor = await HealthMonitor.start({ emotions: read });
  await using dashboard = new Dashboard({ source: monitor, port: 0 });
  await dashboard.start();
  await using opened = await openPage(dashboard.url);
  for (let i = 0; i < 20; i++) {
    // at another moment of the monitor's interval each time
    await new Promise((resolve) => setTimeout(resolve, 37 * i));
    const wanted = 0.11 + i / 25;
    const changed = performance.now();
    curiosity = wanted;
    await opened.page.evaluate(awaitRadarText, wanted.toFixed(2));
    measured.change.push(performance.now() - changed);
  }
}

for (let run = 1; run <= RUNS; run++) {
  say(`demo, run ${run} of ${RUNS}, about 40 s …`);
  await measureDemo();
}
say("changes on the page, about 20 s …");
await measureChanges();
reportBench([
  { name: "start of the process until the page is live", unit: "ms", measured: measured.start, goal: 30_000 },
  {
    name: "change in the companion until it is on the page",
    unit: "ms",
    measured: measured.change,
    goal: 1000,
  },
  {
    name: "Discord dropped until the feed says it is down",
    unit: "ms",
    measured: measured.shown,
    goal: 10_000,
  },
  { name: "Discord dropped until the alert fires", unit: "ms", measured: measured.alert, goal: 10_000 },
  {
    name: "end of the outage until Discord is up again",
    unit: "ms",
    measured: measured.recovery,
    goal: 10_000,
  },
  { name: "Ctrl-C until the process has ended", unit: "ms", measured: measured.stop, goal: 2000 },
]);
