import assert from "node:assert/strict";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { StorageCorruptError, StorageUnavailableError } from "../../../examples/demi/database.ts";
import { newbornState } from "../../../examples/demi/emotions.ts";
import { newMessage, Storage } from "../../../examples/demi/storage.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { temporaryDirectory } from "./_demi.ts";

const clock = new VirtualClock();
const STATE = newbornState(clock.now());
const MESSAGE = {
  conversationId: "c",
  platform: "android",
  content: "Hello",
  createdAt: clock.now(),
} as const;

/** A directory with a database that holds a state and a message. */
function filled(): ReturnType<typeof temporaryDirectory> & { readonly file: string } {
  const directory = temporaryDirectory();
  using storage = Storage.open(directory.path, clock);
  storage.commit(STATE, [newMessage({ ...MESSAGE, sender: "user" })]);
  return { ...directory, file: join(directory.path, "demi.sqlite") };
}

function open(path: string): void {
  using storage = Storage.open(path, clock);
  storage.loadState();
}

suite("Storage", () => {
  test("gives back what was committed after it was opened again", () => {
    using directory = filled();
    using storage = Storage.open(directory.path, clock);
    assert.deepEqual(storage.loadState(), JSON.parse(JSON.stringify(STATE)));
    assert.deepEqual(
      storage.history("c", 10).map(({ content }) => content),
      ["Hello"],
    );
  });

  test("saves state and messages together or not at all", () => {
    using directory = filled();
    using storage = Storage.open(directory.path, clock);
    const message = newMessage({ ...MESSAGE, sender: "demi" });
    assert.throws(() => storage.commit({ ...STATE, repeatCount: 9 }, [message, message]), /UNIQUE/);
    assert.equal(storage.loadState()?.repeatCount, 0);
    assert.equal(storage.history("c", 10).length, 1);
  });

  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ["garbage", (file) => writeFileSync(file, "this is no database ".repeat(1000))],
    ["an empty file", (file) => truncateSync(file, 0)],
    ["a file cut in the middle", (file) => truncateSync(file, readFileSync(file).length / 2)],
    ["zeroed pages", (file) => writeFileSync(file, readFileSync(file).fill(0, 4096, 16_384))],
    ["another program's database", (file) => replaceWith(file, "CREATE TABLE recipes (name TEXT)")],
    ["a state that is no state", (file) => change(file, `UPDATE emotions SET state = '{"values": {}}'`)],
  ];
  for (const [name, damage] of damages) {
    test(`sets ${name} aside, says so in one sentence, and begins anew the next time`, () => {
      using directory = filled();
      damage(directory.file);
      const before = readFileSync(directory.file);
      let error: unknown;
      try {
        open(directory.path);
      } catch (thrown) {
        error = thrown;
      }
      assert.ok(error instanceof StorageCorruptError, String(error));
      assert.ok(error.message.includes(error.setAside) && !error.message.includes("\n"));
      assert.deepEqual(readFileSync(error.setAside), before);
      open(directory.path);
    });
  }

  test("never puts one corrupt file over another", () => {
    using directory = filled();
    for (const text of ["first", "second"]) {
      writeFileSync(directory.file, text.repeat(100));
      assert.throws(() => open(directory.path), StorageCorruptError);
    }
    const kept = readdirSync(directory.path).filter((name) => name.includes("corrupt"));
    assert.equal(kept.length, 2);
  });

  test("refuses a database that is open elsewhere, and leaves it alone", () => {
    using directory = filled();
    using _storage = Storage.open(directory.path, clock);
    assert.throws(() => open(directory.path), StorageUnavailableError);
    assert.deepEqual(
      readdirSync(directory.path).filter((name) => name.includes("corrupt")),
      [],
    );
  });

  test("does not touch the database of a newer Demi", () => {
    using directory = filled();
    change(directory.file, "PRAGMA user_version = 2");
    assert.throws(() => open(directory.path), StorageUnavailableError);
    assert.ok(readdirSync(directory.path).includes("demi.sqlite"));
  });

  test("says that a directory cannot be written to", () => {
    using directory = filled();
    assert.throws(() => open(join(directory.file, "below-a-file")), StorageUnavailableError);
  });
});

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

function replaceWith(file: string, sql: string): void {
  writeFileSync(file, "");
  change(file, sql);
}
