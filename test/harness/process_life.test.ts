import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../lib/base/system_clock.ts";
import { EMOTION_NAMES, mapEmotions } from "../../lib/emotion/emotional_state.ts";
import type { CompanionFactory } from "../../lib/harness/companion.ts";
import { ProcessCompanion, processCompanion } from "../../lib/harness/process_companion.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";

const MODULE = new URL("../../lib/harness/process_companion.ts", import.meta.url).href;
const node = process.execPath;

/** A companion in a few lines of its own, that serves what Demi does not: `/feelings` and `/alive`. */
const STRANGER = `
  const [directory, ollama] = process.argv.slice(1);
  const feelings = { mood: Object.fromEntries(${JSON.stringify(EMOTION_NAMES)}.map((name) => [name, 0.4])) };
  console.log("my model is at " + ollama);
  const server = require("node:http").createServer((request, response) => {
    if (request.url === "/die") process.exit(3);
    response.end(JSON.stringify(request.url === "/feelings" ? feelings : { alive: true }));
  });
  server.listen(0, () => console.log("up: http://0.0.0.0:" + server.address().port + "/"));
  process.once("SIGTERM", () => setTimeout(() => {
    require("node:fs").writeFileSync(directory + "/saved", "yes");
    process.exit(0);
  }, 100));
`;

function stranger(command: readonly string[] = [node]): CompanionFactory {
  const [program, ...before] = command;
  return processCompanion({
    command: program!,
    args: [...before, "-e", STRANGER, "{dataDirectory}", "{ollama.url}"],
    endpoints: { emotions: "/feelings", health: "/alive" },
    parseEmotions: (json) => {
      const { mood } = json as { readonly mood: Readonly<Record<string, number>> };
      return { ...mapEmotions((name) => mood[name]!), momentum: mapEmotions(() => 0), lastUpdated: 0 };
    },
    parseHealth: () => [{ name: "android", status: "online", since: 0 }],
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")); // dead, and nobody has looked
  } catch {
    return process.platform !== "linux";
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await systemClock.sleep(5);
}

suite("A companion of another make", () => {
  test("is found at the address that it writes, and asked by its own routes", async () => {
    await using env = await testEnvironment({ companion: stranger(), platforms: ["android"] });
    assert.match(env.companion.url!, /^http:\/\/127\.0\.0\.1:\d+/);
    assert.equal((await env.emotions()).jealousy, 0.4);
    assert.equal((await env.health())[0]?.status, "online");
    assert.equal(env.virtualClock, undefined); // it cannot be told to advance
    assert.match(env.logLines[0]!, /^my model is at http/);
  });

  test("behind a shell that ends at once is given time to save", async () => {
    // the trailing command keeps the shell from becoming the companion
    const companion = stranger(["/bin/sh", "-c", `"$0" "$@"; true`, node]);
    await using env = await testEnvironment({ companion, platforms: [] });
    await env.stop();
    assert.equal(await readFile(join(env.dataDirectory, "saved"), "utf8"), "yes");
    assert.deepEqual((await env.verdict()).faults, []);
  });

  test("is killed with all that it has started", async () => {
    const companion = new ProcessCompanion({
      command: "/bin/sh",
      args: ["-c", `sleep 1000 & echo $! http://127.0.0.1:1/; wait`],
      ready: /(http\S+)/,
    });
    await using env = await testEnvironment({ companion: () => companion, platforms: [] });
    const pid = Number.parseInt(env.logLines[0]!, 10);
    assert.ok(isAlive(pid));
    await env.crash();
    await untilDead(pid);
  });

  test("that ends by itself is a defect, with its exit code", async () => {
    await using env = await testEnvironment({ companion: stranger(), platforms: ["android"] });
    await fetch(`${env.companion.url}die`).catch(() => undefined);
    await env.until("it is dead", async () => (await env.verdict()).faults.length > 0);
    assert.match((await env.verdict()).faults.join(), /its process must run, got exit code 3/);
    await env.stop();
    const faults = (await env.verdict()).faults.join();
    assert.match(faults, /did not stop as it must: .*must run until then, got exit code 3/);
  });

  test("that never ends a line fills no memory", async () => {
    const script = `process.stdout.write("x".repeat(1e6)); console.log("\\nhttp://127.0.0.1:1/")`;
    const companion = processCompanion({
      command: node,
      args: ["-e", `${script}; setInterval(() => {}, 1e6)`],
    });
    await using env = await testEnvironment({ companion, platforms: [] });
    assert.ok(env.logLines.every(({ length }) => length <= 4000));
  });

  test("is refused when its address cannot be known", () => {
    assert.throws(() => new ProcessCompanion({ command: node, ready: /up/ }), /'ready' must have a group/);
  });
});

suite("A harness that is killed", () => {
  test("leaves no companion behind", { timeout: 30_000 }, async () => {
    const script = `
      import { ProcessCompanion } from ${JSON.stringify(MODULE)};
      const companion = new ProcessCompanion({
        command: process.execPath,
        args: ["-e", "console.log('http://127.0.0.1:1/'); setInterval(() => {}, 1e6)"],
      });
      await companion.start({ dataDirectory: "/nowhere", clock: { now: () => 0 } });
      console.log(companion.pid);
    `;
    const harness = spawn(node, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(harness.stdout, "data")) as [Buffer];
    const pid = Number(line.toString());
    assert.ok(isAlive(pid));
    harness.kill("SIGKILL");
    await untilDead(pid);
  });
});

suite("The process of a companion", () => {
  test("gets the variables of its environment beside its own", async () => {
    const script =
      "console.log(process.env.MARK, process.env.OWN, 'up: http://127.0.0.1:1/'); setInterval(Date, 1e6)";
    const companion = new ProcessCompanion({ command: node, args: ["-e", script], env: { OWN: "own" } });
    await companion.start({
      dataDirectory: ".",
      clock: systemClock,
      process: { variables: { MARK: "given" } },
    });
    await companion.crash();
    assert.match(companion.logLines[0]!, /^given own/);
  });
});
