// The page's script: the same commands as in node, for browser.mjs to call.
import { commands } from "./amplify.mjs";
import { answer } from "./answer.mjs";
import { watchSockets } from "./sockets.mjs";

watchSockets(WebSocket);
globalThis.answer = (request) => answer(commands, request);
