import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import {
  assertCleanedUp,
  NotCleanedUpError,
  watchCleanUp,
  type WatchCleanUpOptions,
} from "demi-health/memory";

const NOW = { graceMs: 0 };

/** What is complained of while something is left, and that nothing is once it is gone. */
async function complaint(
  make: () => Promise<() => unknown> | (() => unknown),
  options: WatchCleanUpOptions = {},
): Promise<string> {
  using watch = watchCleanUp(options);
  const undo = await make();
  const error: unknown = await assertCleanedUp(watch, NOW).catch((reason: unknown) => reason);
  await undo();
  await assertCleanedUp(watch);
  assert.ok(error instanceof NotCleanedUpError, "nothing was found");
  return error.message;
}

suite("assertCleanedUp()", () => {
  test("finds a server and a socket with their addresses", async () => {
    let port = 0;
    const message = await complaint(async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      port = (server.address() as AddressInfo).port;
      const socket = connect(port, "127.0.0.1");
      const [[peer]] = (await Promise.all([once(server, "connection"), once(socket, "connect")])) as [
        [Socket],
        unknown,
      ];
      return async () => {
        socket.destroy();
        peer.destroy();
        server.close();
        await once(server, "close");
      };
    });
    assert.ok(message.includes(`server on 127.0.0.1:${port}`), message);
    assert.ok(message.includes(`socket to 127.0.0.1:${port}`), message);
  });

  test("finds timers, with the line that set them, whether they keep the process alive or not", async () => {
    const message = await complaint(() => {
      const timeout = setTimeout(() => {}, 123_456);
      const interval = setInterval(() => {}, 234_567).unref();
      return () => {
        clearTimeout(timeout);
        clearInterval(interval);
      };
    });
    assert.match(message, /timeout of 123456 ms, made at .*assert_cleaned_up\.test\.ts:\d+/);
    assert.match(message, /interval of 234567 ms, which does not keep the process alive/);
  });

  test("finds listeners of the process and of given emitters", async () => {
    const bot = new EventEmitter();
    const message = await complaint(
      () => {
        const listener = (): void => {};
        bot.on("message", listener).on("message", listener);
        process.on("SIGUSR2", listener);
        return () => {
          bot.removeAllListeners();
          process.off("SIGUSR2", listener);
        };
      },
      { emitters: { bot } },
    );
    assert.match(message, /2 listeners for 'message' of bot/);
    assert.match(message, /1 listener for 'SIGUSR2' of process/);
  });

  test("finds files in given folders, and open descriptors", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cleaned-up-"));
    const path = join(folder, "left.txt");
    writeFileSync(join(folder, "before.txt"), "");
    const message = await complaint(
      () => {
        const descriptor = openSync(path, "w");
        return () => {
          closeSync(descriptor);
          rmSync(path);
        };
      },
      { directories: [folder] },
    );
    await rm(folder, { recursive: true });
    assert.ok(message.includes(path), message);
    assert.ok(!message.includes("before.txt"), message);
    if (process.platform === "linux") assert.match(message, /left\.txt \(descriptor \d+\)/);
  });

  test("finds child processes", async () => {
    const message = await complaint(async () => {
      const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], { stdio: "ignore" });
      await once(child, "spawn");
      return async () => {
        child.kill("SIGKILL");
        await once(child, "exit");
      };
    });
    assert.match(message, /child process \d+/);
  });

  test("waits for what is about to go, and leaves out what may stay", async () => {
    using watch = watchCleanUp();
    const timer = setTimeout(() => {}, 30);
    await assertCleanedUp(watch); // it fires within the grace
    const long = setInterval(() => {}, 77_777);
    await assertCleanedUp(watch, { ...NOW, ignore: ["77777 ms"] });
    await assert.rejects(assertCleanedUp(watch, { ...NOW, ignore: [/88888/] }), NotCleanedUpError);
    clearTimeout(timer);
    clearInterval(long);
  });

  test("refuses a watch that is none, and a senseless grace", async () => {
    using watch = watchCleanUp();
    await assert.rejects(assertCleanedUp(watch, { graceMs: NaN }), RangeError);
    const other = { unsupported: [], [Symbol.dispose]: (): void => {} };
    await assert.rejects(assertCleanedUp(other), TypeError);
  });
});
