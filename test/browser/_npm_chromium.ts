import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflate } from "@sparticuz/chromium";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** A Chromium that runs on a machine without any system package. */
export interface UnpackedChromium {
  readonly executablePath: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Unpacks the browser of `@sparticuz/chromium`, once for each version, below `node_modules/.cache`. Several processes may
 * do so at once: each unpacks into a directory of its own, and the first to be done gives it the final name.
 */
export async function unpackChromium(): Promise<UnpackedChromium> {
  const bin = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..", "bin");
  const manifest = JSON.parse(await readFile(join(bin, "..", "package.json"), "utf8")) as { version: string };
  const cache = join(MODULES, ".cache", "demi-health");
  const directory = join(cache, `chromium-${manifest.version}`);
  if (!existsSync(directory)) {
    await mkdir(cache, { recursive: true });
    const unpacking = await mkdtemp(join(cache, "unpacking-"));
    await unpackInto(unpacking, directory, bin);
    await rename(unpacking, directory).catch(async (error: unknown) => {
      await rm(unpacking, { recursive: true, force: true });
      if (!existsSync(directory)) throw error;
    });
  }
  return {
    executablePath: join(directory, "chromium"),
    env: {
      // NSS and its kin, which a bare machine lacks
      LD_LIBRARY_PATH: [join(directory, "al2023", "lib"), process.env["LD_LIBRARY_PATH"]]
        .filter(Boolean)
        .join(":"),
      // without a font every text has the width 0
      FONTCONFIG_FILE: join(directory, "fonts.conf"),
    },
  };
}

async function unpackInto(directory: string, finalDirectory: string, bin: string): Promise<void> {
  // The package unpacks into os.tmpdir() only, where a browser half unpacked by another process would be taken as whole.
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = directory;
  try {
    const names = ["chromium.br", "fonts.tar.br", "al2023.tar.br", "swiftshader.tar.br"];
    await Promise.all(names.map((name) => inflate(join(bin, name))));
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
  await writeFile(join(directory, "fonts.conf"), fontsConfiguration(finalDirectory));
}

// The package's own configuration names directories of AWS Lambda. The machine's fonts are used too, where it has any.
function fontsConfiguration(directory: string): string {
  const folders = [join(directory, "fonts"), "/usr/share/fonts", "/usr/local/share/fonts"];
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
${folders.map((folder) => `  <dir>${folder}</dir>`).join("\n")}
  <cachedir>${join(directory, "fonts-cache")}</cachedir>
</fontconfig>
`;
}
