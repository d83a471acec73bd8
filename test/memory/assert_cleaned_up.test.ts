import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { lookup } from "node:dns";
import { EventEmitter, once } from "node:events";
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, createServer as createHttpServer, get } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Worker } from "node:worker_threads";
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

/** Runs without the superuser's right to read everything. */
async function asNobody(run: () => Promise<void>): Promise<void> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    await run();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
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

  test("says what a datagram socket is bound to", async () => {
    let port = 0;
    const message = await complaint(async () => {
      const socket = createSocket("udp4").bind(0, "127.0.0.1");
      await once(socket, "listening");
      ({ port } = socket.address());
      return () => new Promise<void>((resolve) => void socket.close(resolve));
    });
    assert.ok(message.includes(`    socket on 127.0.0.1:${port}`), message);
  });

  test("finds threads and requests, with the line that made them", async () => {
    const message = await complaint(async () => {
      const worker = new Worker("setInterval(() => {}, 1e6)", { eval: true });
      await once(worker, "online");
      const found = new Promise((resolve) => void lookup("localhost", resolve));
      return async () => {
        await worker.terminate();
        await found;
      };
    });
    assert.match(message, /worker thread \d+, made at .*assert_cleaned_up\.test\.ts:\d+/);
    assert.match(message, /GetAddrInfoReqWrap for localhost, made at .*assert_cleaned_up\.test\.ts:\d+/);
  });

  test("finds what lives on without keeping the process alive", async () => {
    const server = await complaint(async () => {
      const made = createServer().listen(0, "127.0.0.1");
      await once(made, "listening");
      made.unref();
      return () => void made.close();
    });
    assert.match(server, /server on 127\.0\.0\.1:\d+, which does not keep the process alive/);
    const child = await complaint(async () => {
      const made = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)"], {
        detached: true,
        stdio: "ignore",
      });
      await once(made, "spawn");
      made.unref();
      return async () => {
        made.ref();
        made.kill("SIGKILL");
        await once(made, "exit");
      };
    });
    assert.match(child, /child process \d+ \(.*\), which does not keep the process alive, made /);
    const thread = await complaint(() => {
      const made = new Worker("setInterval(() => {}, 1e6)", { eval: true }); // not a turn of the event loop old
      return () => made.terminate();
    });
    assert.match(thread, /worker thread .*, made at .*assert_cleaned_up/);
  });

  test("finds a listener that took the place of another, by its name", async () => {
    const bot = new EventEmitter();
    const first = (): void => {};
    bot.on("message", first);
    const message = await complaint(
      () => {
        const second = (): void => {};
        bot.off("message", first).once("message", second);
        return () => void bot.off("message", second);
      },
      { emitters: { bot } },
    );
    assert.match(message, /1 listener for 'message' of bot \(second\)/);
  });

  test("takes no offence at timers that Node sets for itself", async () => {
    await using server = createHttpServer((_request, response) => void response.end("hi"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const agent = new Agent();
    using watch = watchCleanUp();
    // the date of the answer's header is kept for a second, by a timer that is set below this handler
    await new Promise<void>((resolve) => {
      get({ port, host: "127.0.0.1", agent }, (response) => void response.resume().on("close", resolve));
    });
    agent.destroy();
    await assertCleanedUp(watch, { ...NOW, ignore: ["socket to"] });
  });

  test("a private folder hides no file beside it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cleaned-up-"));
    const secret = join(folder, "private");
    mkdirSync(secret, { mode: 0 });
    chmodSync(folder, 0o777);
    await asNobody(async () => {
      using watch = watchCleanUp({ directories: [folder] });
      writeFileSync(join(folder, "left.txt"), "");
      if (process.platform !== "win32")
        assert.deepEqual(watch.unsupported.slice(-1), [`${secret} may not be read.`]);
      await assert.rejects(assertCleanedUp(watch, NOW), /left\.txt/);
    });
    await rm(folder, { recursive: true });
  });

  test("one watch is no leftover of another", async () => {
    using outer = watchCleanUp();
    using inner = watchCleanUp();
    await assertCleanedUp(inner);
    await assertCleanedUp(outer);
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
