import { execFileSync, spawnSync } from "node:child_process";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { startWatchedMonitor } from "./_watched_monitor.ts";

const missing =
  spawnSync("promtool", ["--version"]).error && "promtool is not installed (Debian: prometheus)";

/** What `promtool check metrics` has to say; empty when it is content. */
function lint(exposition: string): string {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
    input: exposition,
    encoding: "utf8",
  });
  return status === 0 ? stdout + stderr : `exit ${status}\n${stdout}${stderr}`;
}

suite("promtool check metrics", { skip: missing ?? false }, () => {
  test("has nothing to say about all that a monitor measures", async () => {
    await using monitor = await startWatchedMonitor();
    const text = monitor.exposition();
    for (const part of [
      "demi_platform_errors_total",
      "demi_llm_errors_total",
      "gen_ai_",
      "process_",
      "demi_emotion",
    ]) {
      assert.ok(text.includes(`\n${part}`), part);
    }
    assert.equal(lint(text), "");
  });

  test("would say something about a metric that breaks the rules", () => {
    assert.match(lint("# TYPE t_x gauge\nt_x 1\n"), /no help text/);
    assert.ok(execFileSync("promtool", ["--version"]).length > 0);
  });
});
