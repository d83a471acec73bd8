import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { BreakerOpenError, CircuitBreaker } from "../../../examples/demi/circuit_breaker.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";

const fail = (): Promise<never> => Promise.reject(new Error("down"));
const succeed = (): Promise<string> => Promise.resolve("up");

async function opened(clock: VirtualClock): Promise<CircuitBreaker> {
  const breaker = new CircuitBreaker(clock, { failureThreshold: 3, coolDownMs: 10_000 });
  for (let i = 0; i < 3; i++) await assert.rejects(breaker.run(fail), /down/);
  return breaker;
}

suite("CircuitBreaker", () => {
  test("opens after failures in a row, not after as many with a success between them", async () => {
    const breaker = new CircuitBreaker(new VirtualClock(), { failureThreshold: 3, coolDownMs: 10_000 });
    for (const work of [fail, fail, succeed, fail, fail]) await breaker.run(work).catch(() => undefined);
    assert.equal(breaker.state, "closed");
    await assert.rejects(breaker.run(fail), /down/);
    assert.equal(breaker.state, "open");
  });

  test("refuses while it is open, without calling", async () => {
    const breaker = await opened(new VirtualClock());
    let called = false;
    await assert.rejects(
      breaker.run(async () => void (called = true)),
      BreakerOpenError,
    );
    assert.equal(called, false);
  });

  test("lets one trial through after the cool-down on the clock, and closes when it works", async () => {
    const clock = new VirtualClock();
    const breaker = await opened(clock);
    await clock.advance(9_999);
    assert.equal(breaker.state, "open");
    await clock.advance(1);
    assert.equal(breaker.state, "half-open");
    const { promise, resolve } = Promise.withResolvers<string>();
    const trial = breaker.run(() => promise);
    await assert.rejects(breaker.run(succeed), BreakerOpenError);
    resolve("up");
    assert.equal(await trial, "up");
    assert.equal(breaker.state, "closed");
  });

  test("opens for a further cool-down when the trial fails", async () => {
    const clock = new VirtualClock();
    const breaker = await opened(clock);
    await clock.advance(10_000);
    await assert.rejects(breaker.run(fail), /down/);
    assert.equal(breaker.state, "open");
    assert.equal(breaker.retryInMs, 10_000);
  });

  test("is not closed by a call that began before it opened", async () => {
    const breaker = new CircuitBreaker(new VirtualClock(), { failureThreshold: 1, coolDownMs: 10_000 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const early = breaker.run(() => promise);
    await assert.rejects(breaker.run(fail), /down/);
    resolve();
    await early;
    assert.equal(breaker.state, "open");
  });
});
