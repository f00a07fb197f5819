// Leaves to the code the globals that AppSync's runtime has, and makes everything that two runs could share unchangeable.

const appsync = freeze({ util, runtime, extensions, dynamodb });

// https://docs.aws.amazon.com/appsync/latest/devguide/supported-features.html names Object, String, Number, Math, Array,
// JSON and console; the conversion functions are not named and are left, as no rule of AWS's linter refuses them.
const KEPT = [
  "Array", "Boolean", "Infinity", "JSON", "Math", "NaN", "Number", "Object", "String", "decodeURI", "decodeURIComponent",
  "encodeURI", "encodeURIComponent", "isFinite", "isNaN", "parseFloat", "parseInt", "undefined",
];

// What AWS's linter calls "not implemented" (no-disallowed-methods).
const REMOVED = [
  [Array, ["from", "fromAsync", "of"]],
  [Array.prototype, ["copyWithin", "entries", "keys", "toLocaleString", "values"]],
  [Function.prototype, ["apply", "bind", "call", "constructor"]],
  [
    Object,
    [
      "create", "defineProperties", "defineProperty", "freeze", "getOwnPropertyDescriptor", "getOwnPropertyDescriptors",
      "getOwnPropertyNames", "getOwnPropertySymbols", "getPrototypeOf", "is", "isExtensible", "isFrozen", "isSealed",
      "preventExtensions", "seal", "setPrototypeOf",
    ],
  ],
  [Object.prototype, ["__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__", "__proto__"]],
  [String, ["fromCharCode", "fromCodePoint"]],
  [
    String.prototype,
    [
      "charCodeAt", "localeCompare", "matchAll", "padEnd", "padStart", "repeat", "search", "toLocaleLowerCase",
      "toLocaleUpperCase",
    ],
  ],
];

function seal() {
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const { ownKeys } = Reflect;
  const everything = globalThis; // the name goes, too

  const json_parse = (text, reviver) => {
    // AWS: "Returns a blank string if the parsed string is not valid JSON."
    try {
      return parse(text, reviver);
    } catch (error) {
      if (error instanceof Error) return "";
      throw error;
    }
  };
  JSON.parse = json_parse;
  Math.random = util.math.randomDouble;
  String.prototype.replace = function replace(pattern, replacement) {
    return swap(this, javaPattern(pattern, ""), replacement);
  };
  String.prototype.replaceAll = function replaceAll(pattern, replacement) {
    return swap(this, javaPattern(pattern, "g"), replacement);
  };

  for (const [holder, names] of REMOVED) {
    for (const name of names) delete holder[name];
  }
  // A frozen prototype would refuse `object.toString = x` on every object that inherits from it: these stay writable
  // on the heirs, and are the same for all on the prototype itself.
  const inherited = [];
  for (const name of ownKeys(Object.prototype)) {
    const { value } = getOwnPropertyDescriptor(Object.prototype, name);
    inherited.push(value);
    defineProperty(Object.prototype, name, {
      get: () => value,
      set(replacement) {
        if (this === Object.prototype) throw new TypeError(`${String(name)} is read-only`);
        defineProperty(this, name, { value: replacement, writable: true, enumerable: true, configurable: true });
      },
      configurable: false,
    });
  }

  const shared = { util, runtime, extensions, console: logger };
  for (const name of ownKeys(everything)) {
    if (!KEPT.includes(name)) delete everything[name];
  }
  Object.assign(everything, shared);

  const seen = new Set();
  const harden = (value) => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
    seen.add(value);
    freeze(value);
    harden(getPrototypeOf(value));
    for (const key of ownKeys(value)) {
      const { value: member, get, set } = getOwnPropertyDescriptor(value, key);
      harden(member);
      harden(get);
      harden(set);
    }
  };
  harden(everything);
  harden(dynamodb);
  inherited.forEach(harden);
}

return {
  run,
  add: (factory) => factories.push(factory),
  seal: (types, variables) => {
    sources = parse(types);
    environment = freeze(parse(variables));
    seal();
  },
};
