// What the other parts of the engine's script share: intrinsics kept before seal.js takes them from the code, the state
// of the run under way, and the signals that end or interrupt a handler. LINE_OFFSET is the line of the engine above
// which a code file's first line stands, so that frames of this script are told from the code's.

const { BigInt, Date, Error, Map, RegExp, Set, TypeError, atob, btoa, escape, unescape } = globalThis;
const { freeze } = Object;
const { parse, stringify } = JSON;
const applyFunction = Reflect.apply;
const { charCodeAt, padStart, replace } = String.prototype;

const unit16 = (value) => applyFunction(charCodeAt, value, [0]);
const padded = (value, width) => applyFunction(padStart, value, [width, "0"]);
const swap = (value, pattern, replacement) => applyFunction(replace, value, [pattern, replacement]);

let current = null;

class Run {
  constructor(text, now, answers) {
    this.text = text; // ctx as JSON
    this.now = now; // epoch milliseconds
    this.answers = answers === null ? {} : parse(answers); // to the questions of each kind, in their order
    this.asked = {}; // how many of them this run has used
    this.stash = {};
    this.module = 0; // index of the code file whose handler is under way
    this.outcome = {}; // what Python gets: value, error, and what was collected
  }

  collect(name, item) {
    this.outcome[name] ??= [];
    this.outcome[name].push(item);
  }
}

// util.error and util.unauthorized: the field ends with this error.
class Halt {
  constructor(message, type, data, info) {
    this.message = message;
    this.type = type ?? null;
    this.data = copy(data);
    this.info = copy(info);
  }
}

// runtime.earlyReturn: the handler ends with this value.
class Early {
  constructor(value, skipTo) {
    this.value = value;
    this.skipTo = skipTo;
  }
}

// Something that only the outside knows.
class Question {
  constructor(kind, question) {
    this.kind = kind;
    this.question = question;
  }
}

function ask(kind, question) {
  const index = current.asked[kind] ?? 0;
  current.asked[kind] = index + 1;
  const answers = current.answers[kind] ?? [];
  if (index < answers.length) return answers[index];
  throw new Question(kind, question);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// A value as JSON carries it: what leaves a handler keeps no functions, no undefined members and no shared parts.
function copy(value) {
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") return typeof value === "function" ? null : parse(stringify(value) ?? "null");
  return parse(stringify(value));
}

function brief(value) {
  const text = stringify(value) ?? String(value);
  return text.length > 80 ? text.slice(0, 77) + "..." : text;
}

// Line and column of the innermost frame that belongs to a code file, counted from 1 in that file.
function position(stack) {
  for (const frame of String(stack).match(/<input>:\d+:\d+/g) ?? []) {
    const [, line, column] = frame.split(":");
    if (line > LINE_OFFSET) return [line - LINE_OFFSET, Number(column)];
  }
  return [null, null];
}
