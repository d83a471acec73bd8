import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { PocketDemi, pocketDemi } from "../../examples/demi/pocket_demi.ts";
import type { CompanionEnvironment } from "../../lib/harness/companion.ts";
import { testEnvironment } from "../../lib/harness/test_environment.ts";

/** A Demi who does something besides when she starts. */
class Chatty extends PocketDemi {
  readonly #besides: (env: CompanionEnvironment) => unknown;

  constructor(besides: (env: CompanionEnvironment) => unknown) {
    super();
    this.#besides = besides;
  }

  override async start(env: CompanionEnvironment): Promise<void> {
    await super.start(env);
    await this.#besides(env);
  }
}

suite("verdict()", () => {
  test("needs evidence: nobody has spoken yet", async () => {
    await using env = await testEnvironment({ companion: pocketDemi });
    const { outcome, reasons } = await env.verdict();
    assert.deepEqual([outcome, reasons], ["not-enough-evidence", ["no message was answered yet"]]);
  });

  test("a token in the console or in a log file is found, and not quoted", async () => {
    let token = "";
    const companion = (): PocketDemi =>
      new Chatty(async (env) => {
        token = env.discord!.token;
        console.log(`login with ${token}`);
        await writeFile(join(env.dataDirectory, "demi.log"), `start\nlogin with ${token}\n`);
      });
    await using env = await testEnvironment({ companion, platforms: ["discord"] });
    const { outcome, violations } = await env.verdict();
    assert.equal(outcome, "defect");
    assert.deepEqual(
      violations.map(({ rule, count }) => [rule, count]),
      [["secret-in-log", 2]],
    );
    assert.equal(JSON.stringify(violations).includes(token), false);
  });

  test("what companions side by side write is told apart, and the console is as before afterwards", async () => {
    const original = console.log;
    const named = (name: string) => (): PocketDemi =>
      new Chatty((env) => {
        console.log(`I am ${name}`);
        env.clock.setTimer(() => process.stdout.write(`still ${name}\n`), 1000);
      });
    {
      const platforms = ["android"] as const;
      await using ada = await testEnvironment({ companion: named("ada"), platforms });
      await using grace = await testEnvironment({ companion: named("grace"), platforms });
      await Promise.all([ada.advance(2000), grace.advance(2000)]);
      assert.deepEqual(ada.logLines, ["I am ada", "still ada"]);
      assert.deepEqual(grace.logLines, ["I am grace", "still grace"]);
    }
    assert.equal(console.log, original);
  });

  test("a companion whose stop fails is a defect", async () => {
    const companion = (): PocketDemi => {
      const demi = new PocketDemi();
      const stop = demi.stop.bind(demi);
      return Object.assign(demi, {
        stop: async () => {
          await stop();
          throw new Error("could not save");
        },
      });
    };
    await using env = await testEnvironment({ companion, platforms: ["android"] });
    await env.sendMessage("android", "ada", "Hello");
    await env.stop();
    const { outcome, reasons } = await env.verdict();
    assert.equal(outcome, "defect");
    assert.match(reasons.join(), /did not stop as it must: Error: could not save/);
  });
});

suite("environments side by side", () => {
  test("twenty of them do not see one another", async () => {
    const talk = async (index: number): Promise<readonly [number, number]> => {
      await using env = await testEnvironment({ companion: pocketDemi, seed: index });
      await Promise.all(
        Array.from({ length: index % 4 }, () => env.sendMessage("discord", "ada", "You are lovely")),
      );
      await env.advance(1000);
      return [env.discord.directMessages("ada").length, (await env.emotions()).affection > 0.5 ? 1 : 0];
    };
    const all = await Promise.all(Array.from({ length: 20 }, (_, index) => talk(index)));
    assert.deepEqual(
      all,
      all.map((_, index) => [2 * (index % 4), index % 4 > 0 ? 1 : 0]),
    );
  });
});
