import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { missingProgram, RealServer } from "../_real_server.ts";
import { HealthMonitor } from "../../lib/health_monitor.ts";
import { alertmanagerChannel } from "../../lib/alerts/channels/alertmanager_channel.ts";
import { webhookChannel } from "../../lib/alerts/channels/webhook_channel.ts";
import type { AlertRule } from "../../lib/alerts/alert_rule.ts";

const COMMAND = "prometheus-alertmanager";
const missing = missingProgram(COMMAND) ?? false;
const ALERTS = "/api/v2/alerts";

interface Shown {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
}

/** @param receiver Gets what it sends, after a second at most. */
async function startAlertmanager(receiver: string): Promise<RealServer> {
  const route = { receiver: "hook", group_by: ["alertname"], group_wait: "0s", group_interval: "1s" };
  const receivers = [{ name: "hook", webhook_configs: [{ url: receiver, send_resolved: true }] }];
  return await RealServer.start({
    command: COMMAND,
    config: { route, receivers },
    args: (config, folder, address) => [
      "--config.file",
      config,
      "--storage.path",
      folder,
      "--web.listen-address",
      address,
      "--cluster.listen-address",
      "",
    ],
  });
}

suite("a real Alertmanager", { skip: missing, timeout: 120_000 }, () => {
  test("shows a monitor's alert firing and resolved, with its labels and annotations, and passes both on", async () => {
    const hooks: string[] = [];
    const { promise: over, resolve: setOver } = Promise.withResolvers<void>();
    const receiver = createServer((request, response) => {
      let body = "";
      request.on("data", (data) => (body += String(data)));
      request.on("end", () => {
        response.end();
        const { alerts } = JSON.parse(body) as {
          alerts: { status: string; labels: { alertname: string } }[];
        };
        for (const { status, labels } of alerts) hooks.push(`${labels.alertname} ${status}`);
        if (hooks.at(-1) === "demi_is_hot resolved") setOver();
      });
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const own = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    await using alertmanager = await startAlertmanager(own);
    await alertmanager.until(ALERTS, () => true);

    const rule: AlertRule = {
      name: "demi_is_hot",
      level: "critical",
      condition: { metric: "temperature", fn: "last", windowMs: 5000, op: ">", threshold: 80 },
      forMs: 0,
      cooldownMs: 0,
      labels: { team: "night" },
      message: "{{room}} has {{value}} degrees",
      runbook: "https://example.org/hot",
    };
    const channels = [
      webhookChannel({ url: "http://127.0.0.1:1/nobody" }), // what is dead delays nobody
      alertmanagerChannel({ url: alertmanager.url, repeatMs: 500 }),
    ];
    await using monitor = await HealthMonitor.start({
      name: "Demi",
      rules: [rule],
      channels,
      intervalMs: 50,
      pageUrl: "http://127.0.0.1:8080/",
      onError: () => {},
    });
    const gauge = monitor.registry.gauge({ name: "temperature", help: "For a test", labels: ["room"] });
    gauge.bind({ room: 'cellar "north"' }).set(90);
    const [shown] = await alertmanager.until<readonly Shown[]>(ALERTS, (alerts) => alerts.length === 1);
    const expected = {
      alertname: "demi_is_hot",
      severity: "critical",
      group: "demi_is_hot",
      instance: "Demi",
    };
    assert.deepEqual(shown?.labels, { ...expected, team: "night", room: 'cellar "north"' });
    assert.deepEqual(shown?.annotations, {
      summary: 'cellar "north" has 90 degrees',
      runbook_url: "https://example.org/hot",
    });
    assert.equal(Date.parse(shown.startsAt), monitor.alerts.alerts[0]?.firedAt);
    gauge.bind({ room: 'cellar "north"' }).set(20);
    await alertmanager.until<readonly Shown[]>(ALERTS, (alerts) => alerts.length === 0); // it no longer shows what is over
    await over;
    assert.deepEqual([...new Set(hooks)], ["demi_is_hot firing", "demi_is_hot resolved"]);
    assert.match(
      monitor.notifier.channels[0]?.lastError ?? "",
      /^Cannot send alerts by webhook: ECONNREFUSED$/,
    );
    receiver.closeAllConnections();
    receiver.close();
  });
});
