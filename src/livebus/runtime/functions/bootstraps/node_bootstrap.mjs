/*
Runs a Node.js function's handler: asks the Lambda Runtime API for events, one after the other, and posts what comes of them.

Handlers are async functions or take a callback; modules are CommonJS or ES modules. Names and shapes of errors are those
that AWS's runtimes for Node.js are seen to give.
https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
*/

import { existsSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const [host, ...rest] = process.env.AWS_LAMBDA_RUNTIME_API.split("/");
const [hostname, port] = host.split(":");
const base = `${rest.length ? `/${rest.join("/")}` : ""}/2018-06-01/runtime`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let requestId = "";

// --- the Runtime API ---------------------------------------------------------------------------------------------------

function once(method, path, body, headers) {
  return new Promise((done, failed) => {
    const request = http.request({ agent, hostname, port, method, path: base + path, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
      response.on("error", failed);
    });
    request.on("error", failed);
    request.end(body);
  });
}

async function call(method, path, body, headers = {}) {
  try {
    return await once(method, path, body, headers);
  } catch (error) {
    // A connection that was closed while it lay idle; a result that is too large is refused before it is read.
    return body && body.length > 6_000_000 ? { status: 0 } : once(method, path, body, headers);
  }
}

function post(path, text, kind) {
  const body = Buffer.from(text);
  const headers = { "Content-Type": "application/json", "Content-Length": body.length };
  return call("POST", path, body, kind ? { ...headers, "Lambda-Runtime-Function-Error-Type": kind } : headers);
}

// --- errors ------------------------------------------------------------------------------------------------------------

function described(error, kind) {
  const isError = error instanceof Error || (error && typeof error === "object" && "message" in error && "stack" in error);
  const errorType = kind ?? (isError ? error.name : typeof error);
  const errorMessage = isError ? String(error.message) : typeof error === "string" ? error : format(error);
  const trace = isError && typeof error.stack === "string" ? error.stack.split("\n").filter((line) => !line.includes(import.meta.url)) : [];
  return { errorType, errorMessage, trace };
}

function postError(path, error, kind) {
  const content = described(error, kind);
  console.error("Invoke Error", JSON.stringify(content));
  return post(path, JSON.stringify(content), content.errorType.replace(/[^\x20-\x7e]/g, "?"));
}

function fault(kind, message) {
  return Object.assign(new Error(message), { name: kind });
}

// --- the handler -------------------------------------------------------------------------------------------------------

async function loaded(path, name) {
  const require = createRequire(pathToFileURL(`${process.env.LAMBDA_TASK_ROOT}/`));
  const found = ["", ".js", ".mjs", ".cjs"].map((suffix) => path + suffix).find((each) => existsSync(each));
  if (found === undefined || found === path) {
    throw fault("Runtime.ImportModuleError", `Error: Cannot find module '${name}'`);
  }
  try {
    if (!found.endsWith(".mjs")) {
      try {
        return require(found);
      } catch (error) {
        if (error.code !== "ERR_REQUIRE_ESM" && error.code !== "ERR_REQUIRE_ASYNC_MODULE") throw error;
      }
    }
    return await import(pathToFileURL(found));
  } catch (error) {
    if (error instanceof SyntaxError) {
      error.name = "Runtime.UserCodeSyntaxError";
      error.message = `SyntaxError: ${error.message}`;
    } else if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") {
      error.name = "Runtime.ImportModuleError";
      error.message = `Error: ${error.message}`;
    }
    throw error;
  }
}

async function loadHandler(root, name) {
  const slash = name.lastIndexOf("/") + 1;
  const dot = name.indexOf(".", slash);
  if (dot < 0) throw fault("Runtime.MalformedHandlerName", "Bad handler");
  const module = name.slice(0, dot);
  const exported = await loaded(resolve(root, module), module);
  const path = name.slice(dot + 1).split(".");
  const found = [exported, exported?.default].map((start) => path.reduce((value, step) => value?.[step], start));
  const handler = found.find((each) => each !== undefined);
  if (handler === undefined) throw fault("Runtime.HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof handler !== "function") throw fault("Runtime.HandlerNotFound", `${name} is not a function`);
  return handler;
}

function contextOf(headers, answer) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const given = headers["lambda-runtime-client-context"];
  const context = {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    clientContext: given ? JSON.parse(given) : undefined,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: (error, result) => answer(error, result, true),
    succeed: (result) => answer(null, result, true),
    fail: (error) => answer(error, undefined, true),
  };
  return context;
}

/** What the handler makes of an event: it resolves or rejects, calls back, or leaves nothing more to wait for. */
function invoked(handler, event, headers) {
  return new Promise((done, failed) => {
    let settle;
    const whenEmpty = () => {
      process.removeListener("beforeExit", whenEmpty);
      (settle ?? (() => done(null)))();
    };
    const answer = (error, result, atOnce) => {
      if (settle !== undefined) return;
      settle = error === null || error === undefined ? () => done(result) : () => failed(error);
      if (atOnce || !context.callbackWaitsForEmptyEventLoop) whenEmpty();
    };
    const context = contextOf(headers, answer);
    process.on("beforeExit", whenEmpty);
    const returned = handler(event, context, (error, result) => answer(error, result, false));
    if (typeof returned?.then === "function") {
      // A promise that nothing is left to settle ends the process: nobody could answer any more.
      const end = () => process.exit(0);
      process.removeListener("beforeExit", whenEmpty);
      process.on("beforeExit", end);
      returned.then(done, failed).finally(() => process.removeListener("beforeExit", end));
    }
  });
}

function stringified(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

// --- logging -----------------------------------------------------------------------------------------------------------

for (const [name, level] of Object.entries({ log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", debug: "DEBUG", trace: "TRACE" })) {
  console[name] = (...values) => {
    const text = format(...values).replaceAll("\n", "\r");
    process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`);
  };
}

async function ended(error, kind) {
  const path = requestId ? `/invocation/${requestId}/error` : "/init/error";
  await postError(path, error, kind).catch(() => {});
  process.exit(129);
}
process.on("uncaughtException", (error) => ended(error));
process.on("unhandledRejection", (reason) => {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : format(reason);
  const error = new Error(text);
  if (reason instanceof Error) error.stack = reason.stack;
  ended(error, "Runtime.UnhandledPromiseRejection");
});

// --- events ------------------------------------------------------------------------------------------------------------

let handler;
try {
  handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
} catch (error) {
  await postError("/init/error", error).catch(() => {});
  process.exit(1);
}
for (;;) {
  const next = await call("GET", "/invocation/next");
  if (next.status !== 200) process.exit(1);
  requestId = next.headers["lambda-runtime-aws-request-id"];
  try {
    const result = stringified(await invoked(handler, JSON.parse(next.body.toString()), next.headers));
    await post(`/invocation/${requestId}/response`, result);
  } catch (error) {
    await postError(`/invocation/${requestId}/error`, error);
  }
}
