// The page's script: the same commands as in node, for browser.mjs to call.
import { commands } from "./amplify.mjs";
import { answer } from "./answer.mjs";
import { watchSockets } from "./sockets.mjs";

watchSockets(WebSocket);
const fetchPage = async ({ url }) => (await fetch(url)).status;
globalThis.answer = (request) => answer({ ...commands, fetch: fetchPage }, request);
