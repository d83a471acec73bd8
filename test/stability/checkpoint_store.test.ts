import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import assert from "node:assert/strict";
import { CheckpointStore } from "../../lib/stability/_checkpoint_store.ts";

interface Place extends AsyncDisposable {
  readonly checkpoints: string;
  readonly data: string;
  readonly store: CheckpointStore;
}

async function place(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), "demi-checkpoints-"));
  const [checkpoints, data] = [join(root, "checkpoints"), join(root, "data")];
  await mkdir(join(data, "inner"), { recursive: true });
  await writeFile(join(data, "state.sqlite"), "the state of 1");
  await writeFile(join(data, "inner", "notes"), "");
  return {
    checkpoints,
    data,
    store: new CheckpointStore(checkpoints),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

suite("CheckpointStore", () => {
  test("gives back the state and a copy of the data as they were", async () => {
    await using at = await place();
    await at.store.save(1, { elapsedMs: 7.25, text: "Grüße" }, at.data);
    await writeFile(join(at.data, "state.sqlite"), "the state of later");
    const { checkpoint, broken } = await new CheckpointStore(at.checkpoints).load();
    assert.deepEqual(checkpoint?.state, { elapsedMs: 7.25, text: "Grüße" });
    assert.equal(await readFile(join(checkpoint!.dataDirectory!, "state.sqlite"), "utf8"), "the state of 1");
    assert.deepEqual(await readdir(join(checkpoint!.dataDirectory!, "inner")), ["notes"]);
    assert.deepEqual(broken, []);
  });

  test("keeps the last three", async () => {
    await using at = await place();
    for (let number = 1; number <= 6; number++) await at.store.save(number, { number }, at.data);
    const names = (await readdir(at.checkpoints)).sort();
    const kept = ["000004", "000005", "000006"].flatMap((name) => [`${name}.data`, `${name}.json`]);
    assert.deepEqual(names, kept);
  });

  test("whatever byte of the newest is wrong, the one before is given, with the reason", async () => {
    await using at = await place();
    await at.store.save(1, { number: 1 }, at.data);
    await at.store.save(2, { number: 2 }, at.data);
    const files = ["000002.json", "000002.data/state.sqlite"].map((name) => join(at.checkpoints, name));
    for (const path of files) {
      const whole = await readFile(path);
      for (let index = 0; index < whole.length; index++) {
        const bad = Buffer.from(whole);
        bad[index]! ^= 1 << (index % 8);
        await writeFile(path, bad);
        const { checkpoint, broken } = await at.store.load<{ number: number }>();
        assert.deepEqual([checkpoint?.state.number, broken.length], [1, 1], `byte ${index} of ${path}`);
        assert.match(broken[0]!.reason, /checksum/);
      }
      for (const cut of [0, 10, whole.length - 1]) {
        await writeFile(path, whole.subarray(0, cut));
        assert.equal((await at.store.load<{ number: number }>()).checkpoint?.state.number, 1);
      }
      await writeFile(path, whole);
    }
    assert.equal((await at.store.load<{ number: number }>()).checkpoint?.state.number, 2);
  });

  test("data that are gone, or more than there were, are no checkpoint", async () => {
    await using at = await place();
    await at.store.save(1, { number: 1 }, at.data);
    await at.store.save(2, { number: 2 }, at.data);
    const copy = join(at.checkpoints, "000002.data");
    await writeFile(join(copy, "more"), "");
    assert.match((await at.store.load()).broken[0]!.reason, /must not have more/);
    await rm(copy, { recursive: true });
    const { checkpoint } = await at.store.load<{ number: number }>();
    assert.equal(checkpoint?.state.number, 1);
  });

  test("none at all, and only broken ones, are told, not thrown", async () => {
    await using at = await place();
    assert.deepEqual(await at.store.load(), { checkpoint: undefined, broken: [] });
    await at.store.save(1, {}, at.data);
    await writeFile(join(at.checkpoints, "000001.json"), "{}");
    const { checkpoint, broken } = await at.store.load();
    assert.equal(checkpoint, undefined);
    assert.deepEqual(
      broken.map(({ number }) => number),
      [1],
    );
  });

  test("what a killed process left half written does not count, and is written over", async () => {
    await using at = await place();
    await at.store.save(1, { number: 1 }, at.data);
    await mkdir(join(at.checkpoints, "000002.data.new"));
    await mkdir(join(at.checkpoints, "000002.data"));
    await writeFile(join(at.checkpoints, "000002.json.tmp-1"), "half");
    assert.equal((await at.store.load<{ number: number }>()).checkpoint?.state.number, 1);
    await at.store.save(2, { number: 2 }, at.data);
    assert.equal((await at.store.load<{ number: number }>()).checkpoint?.state.number, 2);
  });

  test("a disk that takes no more fails the save, and the ones before stand", async () => {
    await using at = await place();
    await at.store.save(1, { number: 1 }, at.data);
    await assert.rejects(at.store.save(2, { number: 2 }, join(at.data, "not there")), { code: "ENOENT" });
    assert.equal((await at.store.load<{ number: number }>()).checkpoint?.state.number, 1);
  });
});
