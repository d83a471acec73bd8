import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import type { AndroidFault } from "../../../lib/mocks/android/android_faults.ts";
import { MockAndroidClient } from "../../../lib/mocks/android/mock_android_client.ts";
import { MockOllamaServer } from "../../../lib/mocks/ollama/mock_ollama_server.ts";
import type { PocketDemi } from "../../../examples/demi/pocket_demi.ts";
import { temporaryDirectory, wakeDemi } from "./_demi.ts";

interface Home extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly demi: PocketDemi;
  device(name: string): Promise<MockAndroidClient>;
}

async function home(): Promise<Home> {
  await using ends = new AsyncDisposableStack();
  const clock = new VirtualClock();
  const { path: dataDirectory } = ends.use(temporaryDirectory());
  const ollama = ends.use(await MockOllamaServer.listen({ clock }));
  const demi = ends.use(
    await wakeDemi({ dataDirectory, clock, ollama: { url: ollama.url, model: ollama.model } }),
  );
  const login = { url: demi.url!, clock, email: "ada@example.org", password: "x" };
  let owner: AsyncDisposableStack = ends;
  const device = async (deviceName: string): Promise<MockAndroidClient> =>
    owner.use(await clock.advanceUntil(MockAndroidClient.connect({ ...login, deviceName })));
  owner = ends.move();
  return { clock, demi, device, [Symbol.asyncDispose]: () => owner.disposeAsync() };
}

suite("Pocket Demi and the Android mock", () => {
  test("a queue drains once and in order, and all devices have all messages once", async () => {
    await using there = await home();
    const { clock, device } = there;
    const phone = await device("phone");
    const tablet = await device("tablet");
    await clock.advanceUntil(phone.sendAndWait("hello"));
    phone.goOffline();
    const texts = ["one", "two", "three"];
    for (const text of texts) phone.send(text);
    await clock.advance(3_600_000);
    await clock.advanceUntil(phone.comeBack());
    await clock.advance(400_000);
    const history = (await clock.advanceUntil(phone.readHistory())) ?? [];
    const mine = history.filter(({ sender }) => sender === "user").map(({ content }) => content);
    assert.deepEqual(mine, ["hello", ...texts]);
    const ids = (app: MockAndroidClient): string[] => app.messages.map(({ id }) => id).toSorted();
    assert.deepEqual(ids(tablet), history.map(({ id }) => id).toSorted());
    assert.deepEqual(ids(phone), ids(tablet));
    assert.deepEqual([phone.unread, [...phone.violations], [...tablet.violations]], [[], [], []]);
  });

  test("a phone that does strange things is no reason to complain of Demi, nor for her to break", async () => {
    await using there = await home();
    const { clock, device } = there;
    const phone = await device("phone");
    const faults: AndroidFault[] = [
      { kind: "garbage-frame" },
      { kind: "clock-skew", ms: 86_400_000 },
      { kind: "duplicate-send" },
      { kind: "out-of-order" },
      { kind: "slow-reader", ms: 1000 },
    ];
    for (const fault of faults) phone.injectFault(fault, { probability: 0.5 });
    for (let i = 0; i < 12; i++) {
      phone.send(`message ${i}`);
      await clock.advance(10_000);
    }
    await clock.advanceUntil(phone.comeBack());
    await clock.advance(600_000);
    const history = (await clock.advanceUntil(phone.readHistory())) ?? [];
    const said = history.filter(({ sender }) => sender === "user");
    assert.ok(said.length >= 12, String(said.length));
    const tomorrow = said.filter(({ createdAt }) => createdAt > clock.now());
    assert.deepEqual(tomorrow, [], "she does not believe the app's clock");
    assert.ok(phone.faultLog.total > 10);
    assert.deepEqual([...phone.violations], []);
    assert.equal((await clock.advanceUntil(phone.sendAndWait("still there?"))).sender, "demi");
  });
});
