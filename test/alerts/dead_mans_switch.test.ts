import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { VirtualClock } from "../../lib/base/virtual_clock.ts";
import { HealthMonitor } from "../../lib/health_monitor.ts";
import { DeadMansSwitch } from "../../lib/alerts/dead_mans_switch.ts";

suite("DeadMansSwitch", () => {
  test("is told by a monitor as long as it looks", async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const clock = new VirtualClock();
    const deadMansUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    {
      await using monitor = await HealthMonitor.start({ clock, deadMansUrl });
      await clock.advance(125_000);
      assert.equal(asked, 2);
      assert.equal(monitor.snapshot().status, "ok");
    }
    await clock.advance(125_000);
    assert.equal(asked, 2);
    server.closeAllConnections();
    server.close();
  });

  test("tells that all is looked at while it is, and who does not answer is told of once", async () => {
    let [asked, status] = [0, 200];
    const server = createServer((_, response) => {
      asked++;
      response.writeHead(status).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const clock = new VirtualClock();
    const errors: unknown[] = [];
    let isAlive = true;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/secret`;
    const made = new DeadMansSwitch({
      url,
      isAlive: () => isAlive,
      clock,
      onError: (error) => errors.push(error),
    });
    await clock.advance(180_000);
    assert.equal(asked, 3);
    isAlive = false;
    await clock.advance(180_000);
    assert.equal(asked, 3);
    [isAlive, status] = [true, 500];
    await clock.advance(180_000);
    assert.equal(asked, 6);
    assert.deepEqual(errors.map(String), [
      "ChannelError: Cannot send alerts by dead man's switch: answered 500",
    ]);
    await made[Symbol.asyncDispose]();
    await clock.advance(180_000);
    assert.equal(asked, 6);
    server.closeAllConnections();
    server.close();
    assert.throws(() => new DeadMansSwitch({ url: "ping", isAlive: () => true }), { name: "TypeError" });
  });
});
