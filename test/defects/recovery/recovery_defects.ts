// Ways to break how pocket Demi keeps what she knows, each with the case of RecoveryTest that must fail by it.
import type { RecoveryCaseName } from "../../../lib/stability/recovery/recovery_case.ts";
import type { Edit } from "../defects.ts";

/** A way to break pocket Demi. */
export interface RecoveryDefect {
  /** What is wrong with her, as one would say it. */
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly case: RecoveryCaseName;
  /** Rounds after which it must be found, with any seed. @default {2} */
  readonly rounds?: number;
  /** What the sentence must say. */
  readonly says: RegExp;
  /** Whether it is found in this process only: a clock can be set under her there. */
  readonly isInProcess?: boolean;
}

function edit(file: string, search: string, replace: string): readonly Edit[] {
  return [{ file, search, replace }];
}

// What she writes besides her database, as many companions do, into a file of its own.
const FILE_IMPORTS: Edit = {
  file: "storage.ts",
  search: `import { join } from "node:path";`,
  replace: `import { dirname, join } from "node:path";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
void [closeSync, fsyncSync, openSync, renameSync, writeSync];
const stateFile = (db: DatabaseSync): string => join(dirname(db.location()!), "state.json");`,
};
const FILE_LOAD: Edit = {
  file: "storage.ts",
  search: `    const row = this.db.prepare("SELECT state FROM emotions WHERE id = 1").get();`,
  replace: `    const text = existsSync(stateFile(this.db)) ? readFileSync(stateFile(this.db), "utf8") : "";
    const row = parseJson(text) === undefined ? undefined : { state: text };`,
};

function savesToFile(write: string): readonly Edit[] {
  const save: Edit = {
    file: "storage.ts",
    search: `    this.db
      .prepare("INSERT OR REPLACE INTO emotions (id, state, saved_at) VALUES (1, ?, ?)")
      .run(JSON.stringify(state), this.#clock.now());`,
    replace: `    const [path, text] = [stateFile(this.db), JSON.stringify(state)];
    void this.#clock;
    ${write}`,
  };
  return [FILE_IMPORTS, FILE_LOAD, save];
}

const ANSWERS_FIRST: readonly Edit[] = [
  {
    file: "mind.ts",
    search: "const [message, reply] = this.#heart.commit(kind, ({ values }) => [",
    replace: "const make = ({ values }: { readonly values: EmotionValues }): readonly StoredMessage[] => [",
  },
  {
    file: "mind.ts",
    search: `    ]);
    await this.#clock.track(deliver({ message: message!, reply: reply! }), \`reply on \${platform}\`);`,
    replace: `    ];
    const [message, reply] = make(this.#heart.preview(kind));
    await this.#clock.track(deliver({ message: message!, reply: reply! }), \`reply on \${platform}\`);
    this.#heart.commit(kind, () => [message!, reply!]);`,
  },
];

const STARTS_ANYWAY = (replacement: string, error: string): readonly Edit[] => [
  {
    file: "storage.ts",
    search: `import { openDatabase, setAside } from "./database.ts";`,
    replace: `import { openDatabase, setAside, ${error} } from "./database.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
void [mkdtempSync, rmSync, tmpdir];`,
  },
  {
    file: "storage.ts",
    search: "    return new Storage(openDatabase(directory, clock), clock);",
    replace: `    try {
      return new Storage(openDatabase(directory, clock), clock);
    } catch (error) {
      if (!(error instanceof ${error})) throw error;
      ${replacement}
    }`,
  },
];

export const RECOVERY_DEFECTS: readonly RecoveryDefect[] = [
  {
    name: "a stop throws away what she thinks about",
    edits: edit("pocket_demi.ts", "    await finishThoughts(parts);\n", "    void finishThoughts;\n"),
    case: "graceful restart",
    says: /message that a stop met must be answered once.*got 0/,
  },
  {
    name: "a restart begins with new feelings",
    edits: edit(
      "heart.ts",
      "const saved = storage.loadState();",
      "const saved = undefined as DemiState | undefined;",
    ),
    case: "graceful restart",
    says: /emotions over the restart: .*affection went from/,
  },
  {
    name: "what was answered is answered again after a restart",
    edits: edit(
      "android_platform.ts",
      '    const sent = device.send("history", { messages, count: messages.length });',
      `    const sent = device.send("history", { messages, count: messages.length });
    const last = past.at(-1);
    if (last) device.send("message", encodeMessage({ ...last, id: "again-" + last.id, deliveredAt: now }));`,
    ),
    case: "killed within a message",
    says: /answered more than once|answered twice/,
  },
  {
    name: "feelings are saved at a stop only",
    edits: edit(
      "storage.ts",
      "      this.saveState(state);\n      for (const message",
      "      for (const message",
    ),
    case: "killed within a message",
    says: /emotions over the kill: /,
  },
  {
    name: "she answers before she saves",
    edits: ANSWERS_FIRST,
    case: "killed during a save",
    rounds: 4,
    says: /1 of \d+ messages of ada on \w+ that were answered are lost/,
  },
  {
    name: "feelings are saved in place",
    edits: savesToFile("writeFileSync(path, text);"),
    case: "killed during a save",
    rounds: 4,
    says: /emotions over the kill: /,
  },
  {
    name: "the database is made under its final name",
    edits: [
      {
        file: "database.ts",
        search: "  const draft = `${path}.new-${process.pid}`;",
        replace: "  const draft = path;",
      },
      { file: "database.ts", search: "    linkSync(draft, path);", replace: "    void linkSync;" },
      {
        file: "database.ts",
        search: "  } finally {\n    rmSync(draft, { force: true });\n",
        replace: "  } finally {\n",
      },
    ],
    case: "killed during the start",
    rounds: 3,
    says: /for the first time.*did not start again|did not start again.*must be intact/s,
  },
  {
    name: "a lock that a kill leaves behind keeps her from starting",
    edits: [
      {
        file: "storage.ts",
        search: `import { join } from "node:path";`,
        replace: `import { join } from "node:path";
import { rmSync, writeFileSync } from "node:fs";`,
      },
      {
        file: "storage.ts",
        search: "    return new Storage(openDatabase(directory, clock), clock);",
        replace: `    const storage = new Storage(openDatabase(directory, clock), clock);
    writeFileSync(join(directory, "lock"), "", { flag: "wx" });
    return storage;`,
      },
      {
        file: "storage.ts",
        search: "    if (this.db.isOpen) this.db.close();",
        replace: `    const path = this.db.location()!.replace("demi.sqlite", "lock");
    if (this.db.isOpen) this.db.close();
    rmSync(path, { force: true });`,
      },
    ],
    case: "killed during the start",
    rounds: 3,
    says: /did not start again: .*(EEXIST|lock)/s,
  },
  {
    name: "time off is not aged",
    edits: edit(
      "heart.ts",
      "ageState(saved, clock.now(), { off: true })",
      "{ ...saved, agedUntil: clock.now() }",
    ),
    case: "long absence",
    rounds: 1,
    says: /emotions after 5 h off: .*loneliness went from/,
  },
  {
    name: "one tick of the time off is forgotten",
    edits: edit(
      "heart.ts",
      "ageState(saved, clock.now(), { off: true })",
      "{ ...ageState(saved, clock.now() - TICK_MS, { off: true }), agedUntil: clock.now() }",
    ),
    case: "long absence",
    rounds: 1,
    says: /emotions after 5 h off/,
  },
  {
    name: "more than a day off is a day",
    edits: edit(
      "heart.ts",
      "ageState(saved, clock.now(), { off: true })",
      "{ ...ageState(saved, Math.min(clock.now(), saved.agedUntil + 86_400_000), { off: true }), agedUntil: clock.now() }",
    ),
    case: "long absence",
    says: /emotions after 30 h off/,
  },
  {
    name: "a corrupt file is thrown away",
    edits: edit(
      "database.ts",
      "    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);",
      "    void renameSync;\n    rmSync(path + suffix, { force: true });",
    ),
    case: "corrupt state file",
    rounds: 1,
    says: /must be kept aside, got no file/,
  },
  {
    name: "a corrupt file is replaced without a word",
    edits: STARTS_ANYWAY("return new Storage(openDatabase(directory, clock), clock);", "StorageCorruptError"),
    case: "corrupt state file",
    rounds: 1,
    says: /emotions although demi\.sqlite was cut in half and nothing was said of it|answered are lost/,
  },
  {
    name: "a corrupt file keeps her from ever starting",
    edits: edit(
      "database.ts",
      "    if (existsSync(path + suffix)) renameSync(path + suffix, target + suffix);",
      "    void [renameSync, suffix];",
    ),
    case: "corrupt state file",
    rounds: 1,
    says: /did not start again 3 times/,
  },
  {
    name: "her database is not synced",
    edits: edit(
      "database.ts",
      `db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");`,
      `db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");`,
    ),
    case: "power loss",
    rounds: 1,
    says: /power lost right after an answer, nothing that was not synced survived.*(lost|emotions|start again)/s,
  },
  {
    name: "commits are synced at checkpoints only",
    edits: edit(
      "database.ts",
      `db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");`,
      `db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");`,
    ),
    case: "power loss",
    rounds: 1,
    says: /nothing that was not synced survived.*(lost|emotions)/s,
  },
  {
    name: "feelings are renamed into place without a sync",
    edits: savesToFile('writeFileSync(path + ".new", text);\n    renameSync(path + ".new", path);'),
    case: "power loss",
    rounds: 4,
    says: /emotions over the power loss/,
  },
  {
    name: "feelings are synced, and their directory is not",
    edits: savesToFile(`const file = openSync(path + ".new", "w");
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
    renameSync(path + ".new", path);`),
    case: "power loss",
    rounds: 1,
    says: /nothing that was not synced survived: emotions over the power loss/,
  },
  {
    name: "she dies of a full disk",
    edits: edit(
      "heart.ts",
      "      this.#error = `Cannot save",
      "      setImmediate(() => { throw error; });\n      this.#error = `Cannot save",
    ),
    case: "full disk",
    rounds: 1,
    says: /did not outlive a full disk/,
  },
  {
    name: "she answers what she could not save",
    edits: edit(
      "heart.ts",
      "    this.#storage.commit(next, messages);",
      "    try { this.#storage.commit(next, messages); } catch (error) { void error; }",
    ),
    case: "full disk",
    rounds: 1,
    says: /that were answered are lost/,
  },
  {
    name: "where she may not write she begins anew in another place",
    edits: STARTS_ANYWAY(
      `return new Storage(openDatabase(mkdtempSync(join(tmpdir(), "demi-")), clock), clock);`,
      "StorageUnavailableError",
    ),
    case: "read-only directory",
    rounds: 1,
    says: /emotions at a start in a read-only directory|answered are lost/,
  },
  {
    name: "a clock that is set back stops her ageing",
    edits: edit("emotions.ts", "  if (now < state.agedUntil - TICK_MS) {", "  if (now < -TICK_MS) {"),
    case: "clock jump",
    rounds: 1,
    says: /emotions in the hours after the clock was set back/,
  },
  {
    name: "the order of her memory is that of the clock",
    edits: edit(
      "storage.ts",
      "WHERE conversation_id = ? ORDER BY seq DESC LIMIT ?",
      "WHERE conversation_id = ? ORDER BY created_at DESC LIMIT ?",
    ),
    case: "clock jump",
    rounds: 1,
    says: /out of order|answered are lost/,
  },
  {
    name: "a clock that is set back while she runs begins her feelings anew",
    edits: edit(
      "emotions.ts",
      "    return { ...state, agedUntil: now, lastInteraction: Math.min(state.lastInteraction, now) };",
      "    return newbornState(now);",
    ),
    case: "clock jump",
    rounds: 3,
    isInProcess: true,
    says: /emotions .*the clock was set back/,
  },
  {
    name: "a state that is not of today is begun anew",
    edits: edit(
      "storage.ts",
      `    if (row === undefined) return undefined;
    const state`,
      `    if (row === undefined) return undefined;
    const { saved_at: savedAt } = this.db.prepare("SELECT saved_at FROM emotions").get() as { saved_at: number };
    if (this.#clock.now() - savedAt > 1_800_000) return undefined;
    const state`,
    ),
    case: "restored backup",
    rounds: 1,
    says: /emotions after the backup was put back/,
  },
];
