// util, runtime, extensions and console, as https://docs.aws.amazon.com/appsync/latest/devguide/built-in-util-js.html and
// the type declarations of @aws-appsync/utils 2.1.1 have them. DynamoDB, and RDS, HTTP, XML and OpenSearch have parts of their own.

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const KSUID_EPOCH = 1_400_000_000;
const JAVA_ESCAPES = { A: "^", Z: "$", z: "$", h: "[ \\t\\xa0]" };
const MAX_INVALIDATIONS = 5;

function text(value, name) {
  if (typeof value !== "string") throw new TypeError(`${name} takes a string, not ${brief(value)}`);
  return value;
}

// UTF-8 as one character per byte; a lone surrogate becomes "?", as Java's getBytes has it.
const toBytes = (value) => unescape(encodeURIComponent(swap(value, /[\ud800-\udfff]/gu, "?")));

// The other way; bytes that are not UTF-8 become U+FFFD.
const fromBytes = (bytes) =>
  swap(
    bytes,
    /[\0-\x7f]+|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[^]/g,
    (sequence) => {
      try {
        return decodeURIComponent(escape(sequence));
      } catch {
        return "\ufffd";
      }
    },
  );

function digits(number, alphabet, length) {
  const base = BigInt(alphabet.length);
  let written = "";
  for (let rest = number; written.length < length; rest /= base) written = alphabet[Number(rest % base)] + written;
  return written;
}

// Hexadecimal digits of a new id that are random: a UUID's version and variant say nothing.
function randomDigits() {
  const hex = ask("id", null).split("-").join("");
  return hex.slice(0, 12) + hex.slice(13, 16) + hex.slice(17);
}

const randomDouble = () => parseInt(randomDigits().slice(0, 13), 16) / 2 ** 52;

// A pattern of java.util.regex.Pattern, as far as its constructs have a counterpart.
function javaPattern(pattern, flags) {
  let source = text(pattern, "A pattern");
  let more = "";
  const leading = /^\(\?([ims]+)\)/.exec(source);
  if (leading !== null) {
    more = leading[1];
    source = source.slice(leading[0].length);
  }
  source = swap(source, /\\Q([^]*?)(?:\\E|$)/g, (_, literal) => quoted(literal));
  source = swap(source, /\\([^])/g, (escaped, letter) => JAVA_ESCAPES[letter] ?? escaped);
  return new RegExp(source, [...new Set(flags + more)].join(""));
}

// Recorded against AWS: alternatives multiply out, operators are carried through as written.
function subscriptionFilter(filter, ignored, rules) {
  if (!isObject(filter)) return null;
  const skipped = Array.isArray(ignored) ? ignored : [];
  const operators = (field, value) =>
    isObject(value)
      ? Object.entries(value).map(([operator, operand]) => [{ fieldName: field, operator, value: operand }])
      : [];
  const combine = (left, right) => left.flatMap((one) => right.map((other) => [...one, ...other]));
  const alternatives = (object) => {
    let groups = [[]];
    for (const [key, value] of Object.entries(object)) {
      if (skipped.includes(key)) continue;
      if (key === "and" && Array.isArray(value)) {
        for (const member of value) groups = combine(groups, alternatives(member));
      } else if (key === "or" && Array.isArray(value)) {
        const members = value.flatMap((member) => alternatives(member)).filter((group) => group.length > 0);
        if (members.length > 0) groups = combine(groups, members);
      } else {
        const own = operators(key, value);
        if (own.length > 0) groups = combine(groups, own);
      }
    }
    return groups;
  };
  let groups = alternatives(filter);
  const added = isObject(rules) ? Object.entries(rules).flatMap(([field, value]) => operators(field, value)) : [];
  if (added.length > 0) groups = combine(groups, added);
  return { filterGroup: groups.filter((group) => group.length > 0).map((filters) => ({ filters })) };
}

// Recorded against AWS: the mode is read from the members of ctx.identity, and what fits none is an API key.
function authType(identity) {
  if (!isObject(identity)) return "API Key Authorization";
  const has = (...names) => names.every((name) => identity[name] !== undefined && identity[name] !== null);
  if (Object.keys(identity).length === 0 || Object.hasOwn(identity, "resolverContext")) return "Lambda Authorization";
  if (has("accountId", "userArn", "username", "sourceIp")) return "IAM Authorization";
  if (has("sub", "issuer", "claims")) {
    if (has("username", "sourceIp", "defaultAuthStrategy")) return "User Pool Authorization";
    if (!has("username")) return "Open ID Connect Authorization";
  }
  return "API Key Authorization";
}

const util = {
  error: (message, type, data, info) => {
    throw new Halt(String(message), type, data, info);
  },
  appendError: (message, type, data, info) => {
    current.collect("appended", new Halt(String(message), type, data, info));
  },
  unauthorized: () => {
    const { info } = parse(current.text);
    throw new Halt(`Not Authorized to access ${info?.fieldName} on type ${info?.parentTypeName}`, "Unauthorized");
  },
  autoId: () => ask("id", null),
  autoUlid: () => digits(BigInt(current.now), CROCKFORD, 10) + digits(BigInt("0x" + randomDigits().slice(0, 20)), CROCKFORD, 16),
  autoKsuid: () => {
    const seconds = Math.floor(current.now / 1000) - KSUID_EPOCH;
    const payload = (randomDigits() + randomDigits()).slice(0, 32);
    return digits((BigInt(seconds) << 128n) + BigInt("0x" + payload), BASE62, 27);
  },
  matches: (pattern, value) => javaPattern(pattern, "").test(text(value, "util.matches")),
  authType: () => authType(parse(current.text).identity),
  urlEncode: (value) =>
    swap(
      encodeURIComponent(swap(text(value, "util.urlEncode"), /[\ud800-\udfff]/gu, "?")),
      /%20|[!~'()]/g,
      (found) => (found === "%20" ? "+" : "%" + unit16(found).toString(16).toUpperCase()),
    ),
  urlDecode: (value) => decodeURIComponent(swap(text(value, "util.urlDecode"), /\+/g, " ")),
  base64Encode: (value) => btoa(toBytes(text(value, "util.base64Encode"))),
  base64Decode: (value) => fromBytes(atob(text(value, "util.base64Decode"))),
  escapeJavaScript: (value) =>
    swap(text(value, "util.escapeJavaScript"), /["'\\/]|[^ -~]/g, (letter) => {
      const short = { "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r" }[letter];
      if (short !== undefined) return short;
      const code = unit16(letter);
      return code > 0x7e || code < 0x20 ? "\\u" + padded(code.toString(16).toUpperCase(), 4) : "\\" + letter;
    }),
  str: {
    normalize: (value, form) => text(value, "util.str.normalize").normalize(text(form, "util.str.normalize").toUpperCase()),
  },
  math: {
    roundNum: (number) => Math.round(number),
    minVal: (one, other) => Math.min(one, other),
    maxVal: (one, other) => Math.max(one, other),
    randomDouble: () => randomDouble(),
    randomWithinRange: (from, to) => Math.floor(from + randomDouble() * (to - from)),
  },
  time,
  transform: { toSubscriptionFilter: (filter, ignored, rules) => subscriptionFilter(filter, ignored, rules) },
};

const runtime = {
  earlyReturn: (value, options) => {
    throw new Early(value, options?.skipTo);
  },
};

const extensions = {
  setSubscriptionFilter: (filter) => {
    current.outcome.subscriptionFilter = copy(filter);
  },
  setSubscriptionInvalidationFilter: (filter) => {
    current.outcome.invalidationFilter = copy(filter);
  },
  invalidateSubscriptions: (invalidation) => {
    const asked = current.outcome.invalidations ?? [];
    if (asked.some((other) => stringify(other) === stringify(invalidation))) return;
    if (asked.length === MAX_INVALIDATIONS) {
      throw new Halt(`extensions.invalidateSubscriptions takes at most ${MAX_INVALIDATIONS} subscriptions in a request`, "Code");
    }
    current.collect("invalidations", copy(invalidation));
  },
  evictFromApiCache: () => {}, // there is no cache, and so nothing in it
};

function log(level, values) {
  const [line, column] = position(new Error().stack);
  const written = values.map((value) => stringify(value) ?? String(value)).join(" ");
  current.collect("logs", { level, module: current.module, line, column, text: written });
}

const logger = { log: (...values) => log("INFO", values), error: (...values) => log("ERROR", values) };
