import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { MetricsStore } from "../../lib/store/metrics_store.ts";
import { temporaryFolder } from "./_temporary_folder.ts";

/** Why no small disk can be had; false where it can. */
function mount(folder: string, size: string, ...more: string[]): string | false {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", [`size=${size}`, ...more].join(","), "demi-health", folder], {
      stdio: "pipe",
    });
    return false;
  } catch {
    return "a small disk takes the right to mount one";
  }
}

suite("MetricsStore on a disk that is full", () => {
  test("what flush() said is there, it says when it cannot, and goes on when there is room", async (context) => {
    await using folder = await temporaryFolder();
    const missing = mount(folder.path, "400k");
    if (missing !== false) return context.skip(missing);
    try {
      const path = join(folder.path, "metrics.db");
      const errors: unknown[] = [];
      const options = { path, onError: (error: unknown) => void errors.push(error) };
      const begin = Date.now() - 3_600_000;
      let said = 0;
      let store = await MetricsStore.open(options);
      const noise = (i: number): Record<string, number> =>
        Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`noise_${k}`, Math.sin(i * 100 + k)]));
      const fill = async (): Promise<NodeJS.ErrnoException> => {
        for (let i = said; ; i++) {
          store.append(begin + i, { n: i, ...noise(i) });
          try {
            await store.flush();
            said = i + 1;
          } catch (error) {
            return error as NodeJS.ErrnoException;
          }
        }
      };
      assert.equal((await fill()).code, "ENOSPC");
      assert.ok(said > 100, String(said));
      await assert.rejects(store.save(), { name: "StoreSaveError", code: "ENOSPC" });
      await assert.rejects(store.close(), { code: "ENOSPC" });
      // the next start finds the disk as full as it was
      store = await MetricsStore.open(options);
      assert.ok((store.last("n")?.[1] ?? -1) >= said - 1, `${store.last("n")?.[1]} of ${said}`);
      mount(folder.path, "40m", "remount");
      store.append(begin + 100_000, { n: 1e6 });
      await store.flush();
      await store.save();
      await store.close();
      store = await MetricsStore.open(options);
      const kept = store.query({ key: "n", from: 0, to: Infinity }).map(([, value]) => value);
      assert.equal(kept.at(-1), 1e6);
      for (let i = 0; i < said; i++) assert.equal(kept[i], i);
      await store.close();
    } finally {
      execFileSync("umount", ["--lazy", folder.path]);
    }
  });
});
