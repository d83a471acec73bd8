import { spawn } from "node:child_process";

// Waits for a line; when its input ends without one, the harness is dead, however it died.
const SCRIPT = 'read -r line || kill -9 "-$1"'; // dash understands no other form

/**
 * Kills a process group when this process dies without having disposed the guard, by SIGKILL too: the system then
 * closes the pipe on which the guard listens. There is none on Windows.
 */
export function guardGroup(groupId: number): Disposable | undefined {
  if (process.platform === "win32") return undefined;
  const guard = spawn("/bin/sh", ["-c", SCRIPT, "guard", String(groupId)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // Ctrl-C is for the harness
  });
  guard.on("error", () => undefined); // a system without a shell has no guard
  guard.stdin.on("error", () => undefined); // it has ended already
  guard.unref();
  (guard.stdin as unknown as { unref?(): void }).unref?.();
  return { [Symbol.dispose]: () => void guard.stdin.end("done\n") };
}
