// Runs a resolver's handlers in their order. Part of one script: state.js, time.js and utilities.js stand before it, and
// seal.js after it; everything here is lexically private, and seal.js makes the few public names.
//
// A run is one call from Python. What only the outside knows (an event bus's answer, an id, a time zone) ends the call
// with a question, and Python runs the whole again with the answers so far: nothing here depends on anything else, so
// that the second run comes to the same question and goes on from there. Code cannot catch a question.

const factories = []; // one per code file: the resolver's own first, then the pipeline functions' in order
let sources = []; // the data source types: of a unit resolver [type], of a pipeline [null, type, type, ...]
let environment = freeze({});

function evaluate(index, handler, result, prev, error) {
  // Parsed anew for each handler, so that a handler's changes to anything but the stash end with it.
  const given = parse(current.text);
  const given_arguments = given.arguments ?? {};
  current.module = index;
  return factories[index](appsync)[handler](
    freeze({
      arguments: given_arguments,
      args: given_arguments,
      identity: given.identity ?? null,
      source: given.source ?? null,
      request: given.request ?? null,
      info: given.info ?? null,
      stash: current.stash,
      result,
      prev,
      error,
      env: environment,
    }),
  );
}

// What a data source makes of a request handler's value: { result, error }.
function invoke(index, request) {
  if (sources[index] === "NONE") return { result: isObject(request) ? copy(request.payload) : null, error: null };
  const isEvents = sources[index] === "AMAZON_EVENTBRIDGE";
  const { halt, result, error } = isEvents
    ? ask("events", { module: index, entries: putEventsEntries(request) })
    : ask("call", { module: index, request: copy(request) });
  if (halt) throw new Halt(halt, "NotEmulated");
  return { result: result ?? null, error: error ?? null };
}

const EVENT_MEMBERS = ["source", "detailType", "detail", "resources", "time"];

function putEventsEntries(request) {
  if (!isObject(request) || request.operation !== "PutEvents" || !Array.isArray(request.events)) {
    const expected = "{operation: 'PutEvents', events: [...]}";
    throw new Halt(`A request to an AMAZON_EVENTBRIDGE data source is ${expected}, not ${brief(request)}`, "Code");
  }
  return request.events.map((event, index) => {
    for (const name of isObject(event) ? Object.keys(event) : []) {
      if (!EVENT_MEMBERS.includes(name)) {
        throw new Halt(`Unsupported element '$[events][${index}][${name}]' inside an event.`, "Code");
      }
    }
    const { source, detailType, detail, resources, time: moment } = event ?? {};
    const entry = { Source: source, DetailType: detailType, Detail: stringify(detail), Resources: resources, Time: moment };
    return copy(entry); // without the members that are undefined
  });
}

function unit() {
  try {
    const request = evaluate(0, "request", null, null, null);
    const { result, error } = invoke(0, request);
    return evaluate(0, "response", result, null, error);
  } catch (signal) {
    if (signal instanceof Early) return signal.value;
    throw signal;
  }
}

// One function of a pipeline: [its value, whether the pipeline ends with it].
function step(index, previous) {
  const prev = { result: previous };
  try {
    const request = evaluate(index, "request", null, prev, null);
    const { result, error } = invoke(index, request);
    return [copy(evaluate(index, "response", result, prev, error)), false];
  } catch (signal) {
    if (signal instanceof Early) return [copy(signal.value), signal.skipTo === "END"];
    throw signal;
  }
}

function pipeline() {
  let value;
  let ended = false;
  try {
    value = copy(evaluate(0, "request", null, null, null));
  } catch (signal) {
    if (!(signal instanceof Early)) throw signal;
    value = copy(signal.value);
    ended = signal.skipTo !== "NEXT";
  }
  for (let index = 1; index < sources.length && !ended; index++) {
    [value, ended] = step(index, value);
  }
  try {
    return evaluate(0, "response", value, { result: value }, null);
  } catch (signal) {
    if (signal instanceof Early) return signal.value;
    throw signal;
  }
}

function failure(signal) {
  if (signal instanceof Halt) return signal;
  // Where memory is out the engine throws this, or null; Python hears of both, and makes a new engine.
  if (!(signal instanceof Error) || signal.message === "out of memory") throw signal;
  const { module } = current;
  const [line, column] = position(signal.stack);
  const words = `${signal.name}: ${signal.message}`;
  const place = line === null ? "" : `code.js:${line}:${column}: `;
  return { message: place + words, type: "Code", data: null, info: null, fault: { module, line, column, text: words } };
}

function run(text, now, answers) {
  current = new Run(text, now, answers);
  const { outcome } = current;
  try {
    outcome.value = (sources.length === 1 ? unit() : pipeline()) ?? null;
    return stringify(outcome);
  } catch (signal) {
    if (signal instanceof Question) return stringify({ ask: signal.kind, question: signal.question });
    outcome.value = null;
    outcome.error = failure(signal);
    return stringify(outcome);
  }
}
