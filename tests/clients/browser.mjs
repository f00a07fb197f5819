// Runs page.mjs in Chromium, from a port of its own: node browser.mjs EXECUTABLE [PUBLIC_KEY_HASH]
// A JSON command per line on stdin, its answer on stdout. The hash is that of the one certificate, not signed by a public
// authority, that the browser is to accept.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { chromium } from "playwright-core";

const [executablePath, publicKeyHash] = process.argv.slice(2);
const bundle = await build({
  entryPoints: [fileURLToPath(new URL("page.mjs", import.meta.url))],
  bundle: true,
  format: "esm",
  write: false,
  logLevel: "error",
});
const script = bundle.outputFiles[0].contents;
const pages = createServer((request, response) => {
  const isScript = request.url === "/page.js";
  response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : "<!doctype html><title>Livebus</title><script type=module src=/page.js></script>");
});
await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({
  executablePath,
  args: [
    // This machine's servers and nobody else's: the browser's own look-ups elsewhere find nothing at once.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ...(publicKeyHash ? [`--ignore-certificate-errors-spki-list=${publicKeyHash}`] : []),
  ],
});
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error));
await page.goto(`http://127.0.0.1:${pages.address().port}/`);
for await (const line of createInterface({ input: process.stdin })) {
  const answered = await page.evaluate((request) => globalThis.answer(request), JSON.parse(line));
  process.stdout.write(`${JSON.stringify(answered)}\n`);
}
await browser.close();
process.exit(0);
