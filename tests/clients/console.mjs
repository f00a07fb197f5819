// Opens the runtime's page in Chromium: node console.mjs EXECUTABLE
// A line on stdin is JSON: {"run": "the body of an async function of (page, browser, given)", "given": …}; its answer is one on
// stdout. What the page throws or breaks of its policy is kept and answered by {"faults": true}; requests that fail are not told:
// pages outlive runtimes.
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

const Body = Object.getPrototypeOf(async () => {}).constructor;
const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
await context.grantPermissions(["clipboard-read", "clipboard-write"]);
const page = await context.newPage();
page.setDefaultTimeout(60_000);
let faults = [];
page.on("pageerror", (error) => faults.push(String(error)));
page.on("console", (message) => message.type() === "error" && !/^Failed to load resource/.test(message.text()) && faults.push(message.text()));
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  if (asked.faults) {
    answer = { value: faults };
    faults = [];
  } else {
    try {
      answer = { value: (await new Body("page", "context", "given", asked.run)(page, context, asked.given)) ?? null };
    } catch (error) {
      answer = { error: String(error) };
    }
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
process.exit(0);
