// Makes the picture in the README: the demo, after it has lived for a while. `npm run screenshot`
import { fileURLToPath } from "node:url";
import { Demo, temporaryDirectory } from "../integration/_demo.ts";
import { openPage } from "./_browser.ts";

const TARGET = fileURLToPath(new URL("../../.github/panel.png", import.meta.url));
const LIVED_MS = 150_000;

await using data = await temporaryDirectory();
await using demo = await Demo.start(data.path, "--seed", "7");
await using opened = await openPage(demo.url, {
  viewport: { width: 1280, height: 900 },
  colorScheme: "light",
});
console.log(`The companion lives for ${LIVED_MS / 1000} s …`);
const first = Date.now();
for await (const message of demo.feed()) {
  if (message.type === "metrics" && Date.now() - first > LIVED_MS) break;
}
await opened.page.screenshot({ path: TARGET, fullPage: true });
console.log(TARGET);
