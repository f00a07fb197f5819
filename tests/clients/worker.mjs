// Runs a client in node: node worker.mjs MODULE [--offline]. A JSON command per line on stdin, its answer on stdout.
import { createInterface } from "node:readline";

import { WebSocket } from "ws";

import { answer } from "./answer.mjs";
import { DeadSocket, watchSockets } from "./sockets.mjs";

const [module, mode] = process.argv.slice(2);
watchSockets(mode === "--offline" ? DeadSocket : WebSocket);
// Clients that chat on stdout would garble the answers.
console.log = console.info = console.debug = console.error;

const { commands } = await import(`./${module}`);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(commands, JSON.parse(line)))}\n`);
}
process.exit(0); // whatever the client keeps open
