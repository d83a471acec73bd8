import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { suite, test } from "node:test";
import { StorageCorruptError } from "../../../examples/demi/database.ts";
import { newbornState } from "../../../examples/demi/emotions.ts";
import { newMessage, Storage } from "../../../examples/demi/storage.ts";
import { VirtualClock } from "../../../lib/base/virtual_clock.ts";
import { temporaryDirectory } from "./_demi.ts";

const clock = new VirtualClock();

/** A directory with a database that was closed for sleep. */
function asleep(): ReturnType<typeof temporaryDirectory> & { readonly file: string } {
  const directory = temporaryDirectory();
  using storage = Storage.open(directory.path, clock);
  const message = {
    conversationId: "c",
    platform: "android",
    sender: "user",
    content: "Hello",
    createdAt: 0,
  } as const;
  storage.commit(newbornState(clock.now()), [newMessage(message)]);
  storage.closeForSleep();
  return { ...directory, file: join(directory.path, "demi.sqlite") };
}

/** Changes a file as a bad disk does: without a trace. */
function rot(file: string, change: (bytes: Buffer) => void): void {
  const { atimeMs, mtimeMs } = statSync(file);
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
  utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
}

function open(path: string): void {
  using storage = Storage.open(path, clock);
  storage.loadState();
}

suite("Storage, asleep", () => {
  test("a letter of a message that a bad disk has changed is found, and the file set aside", () => {
    using directory = asleep();
    rot(directory.file, (bytes) => void bytes.write("Jello", bytes.indexOf("Hello")));
    const spoilt = readFileSync(directory.file);
    let error: unknown;
    try {
      open(directory.path);
    } catch (thrown) {
      error = thrown;
    }
    assert.ok(error instanceof StorageCorruptError, String(error));
    assert.match(error.message, /one that changed while she slept/);
    assert.deepEqual(readFileSync(error.setAside), spoilt);
    open(directory.path);
  });

  test("so is any other byte", () => {
    for (let at = 100; at < 60_000; at += 6001) {
      using directory = asleep();
      rot(directory.file, (bytes) => void (bytes[at % bytes.length]! ^= 1));
      assert.throws(() => open(directory.path), StorageCorruptError, `byte ${at}`);
    }
  });

  test("what somebody has written since is his to answer for", () => {
    using directory = asleep();
    utimesSync(directory.file, 1, 1);
    const db = new DatabaseSync(directory.file);
    db.exec("UPDATE messages SET content = 'Jello'");
    db.close();
    utimesSync(directory.file, 2, 2);
    open(directory.path);
  });

  test("a seal that is damaged, or missing, keeps nobody out, and none is there while she is awake", () => {
    using directory = asleep();
    const seal = `${directory.file}.seal`;
    writeFileSync(seal, "{");
    using storage = Storage.open(directory.path, clock);
    assert.ok(!existsSync(seal));
    storage.closeForSleep();
    assert.ok(existsSync(seal));
  });
});
