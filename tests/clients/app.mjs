// Opens examples/app in Chromium, a browser of its own for each who: node app.mjs EXECUTABLE
// A line on stdin is JSON: {"who": "ada", "run": "the body of an async function of (page, context, given)", "given": …}; its answer
// is one on stdout. What a page throws, or logs as an error, is kept and answered by {"who": "ada", "end": true}, which closes the browser.
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

const Body = Object.getPrototypeOf(async () => {}).constructor;
const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"],
});
const opened = new Map();

async function open(who) {
  const options = { viewport: { width: 1280, height: 860 }, locale: "en-GB", timezoneId: "UTC", colorScheme: "light", reducedMotion: "reduce" };
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  // Connections that are refused are told by the browser itself: runtimes are stopped on purpose.
  page.on("console", (message) => {
    if (message.type() === "error" && !/^Failed to load resource|^WebSocket connection to/.test(message.text())) faults.push(message.text());
  });
  return { context, page, faults };
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    if (!opened.has(asked.who)) opened.set(asked.who, await open(asked.who));
    const { context, page, faults } = opened.get(asked.who);
    if (asked.end) {
      opened.delete(asked.who);
      await context.close();
      answer = { value: faults };
    } else {
      answer = { value: (await new Body("page", "context", "given", asked.run)(page, context, asked.given)) ?? null };
    }
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
process.exit(0);
