// util.time. Formats are those of java.time.format.DateTimeFormatter, English names. The time is that of the request, and
// the rules of a named time zone are asked of the outside: the engine has no clock and no time zones.
// https://docs.aws.amazon.com/appsync/latest/devguide/time-helpers-in-util-time-js.html

const MONTHS =
  "January February March April May June July August September October November December".split(" ");
const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const DAY_MILLIS = 86_400_000;

const zeros = (number, width) => {
  const written = String(Math.abs(number));
  return (number < 0 ? "-" : "") + padded(written, width);
};

function offsetText(seconds, count, zero) {
  if (seconds === 0 && zero !== null) return zero;
  const size = Math.abs(seconds);
  const minutes = Math.floor(size / 60) % 60;
  const hours = (seconds < 0 ? "-" : "+") + zeros(Math.floor(size / 3600), 2);
  if (count === 1) return hours + (minutes === 0 ? "" : zeros(minutes, 2));
  return hours + (count % 2 === 1 ? ":" : "") + zeros(minutes, 2);
}

// Seconds east of UTC that a text like +09:00, -0330 or Z names; null for anything else.
function offsetSeconds(written) {
  if (written === "Z" || written === "UTC" || written === "GMT") return 0;
  const match = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(written);
  if (match === null) return null;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60);
}

// {offset, name} of a zone at a moment: epoch milliseconds, or milliseconds of its own clock where `local` is true.
function zoneAt(zone, millis, local) {
  const offset = offsetSeconds(zone);
  if (offset !== null) return { offset, name: zone };
  const answer = ask("zone", { zone, millis, local });
  if (answer === null) throw new TypeError(`Unknown time-zone ID: ${zone}`);
  return answer;
}

const notEmulated = (letter) => new TypeError(`The letter '${letter}' of a date format is not emulated`);

// [letter, how often] and ["'", literal text], in their order.
function pieces(pattern) {
  const found = [];
  for (const match of text(pattern, "A date format").match(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z]/g) ?? []) {
    if (match === "''") found.push(["'", "'"]);
    else if (match[0] === "'") found.push(["'", match.slice(1, -1).split("''").join("'")]);
    else if (/[A-Za-z]/.test(match)) found.push([match[0], match.length]);
    else if (/[[\]{}#]/.test(match)) throw new TypeError(`'${match}' in the date format ${brief(pattern)} is not emulated`);
    else found.push(["'", match]);
  }
  return found;
}

const named = (names, index, count) => (count >= 5 ? names[index][0] : count === 4 ? names[index] : names[index].slice(0, 3));

// Letters whose text is a number, of a Date that shows the zone's clock in its UTC members.
const NUMBERS = {
  y: (date) => date.getUTCFullYear(),
  u: (date) => date.getUTCFullYear(),
  d: (date) => date.getUTCDate(),
  D: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MILLIS) + 1,
  H: (date) => date.getUTCHours(),
  k: (date) => date.getUTCHours() || 24,
  K: (date) => date.getUTCHours() % 12,
  h: (date) => date.getUTCHours() % 12 || 12,
  m: (date) => date.getUTCMinutes(),
  s: (date) => date.getUTCSeconds(),
  A: (date) => ((date.getTime() % DAY_MILLIS) + DAY_MILLIS) % DAY_MILLIS,
  n: (date) => date.getUTCMilliseconds() * 1_000_000,
};

function piece(date, zone, at, letter, count) {
  switch (letter) {
    case "M":
    case "L":
      return count < 3 ? zeros(date.getUTCMonth() + 1, count) : named(MONTHS, date.getUTCMonth(), count);
    case "E":
      return named(DAYS, date.getUTCDay(), Math.max(count, 3));
    case "a":
      return date.getUTCHours() < 12 ? "AM" : "PM";
    case "S":
      return (zeros(date.getUTCMilliseconds(), 3) + "000000").slice(0, count);
    case "X":
      return offsetText(at.offset, count, "Z");
    case "x":
      return offsetText(at.offset, count, null);
    case "Z":
      return count === 4 ? "GMT" + offsetText(at.offset, 3, "") : offsetText(at.offset, count === 5 ? 3 : 2, count === 5 ? "Z" : null);
    case "z":
      return at.name;
    case "V":
      return zone;
    case "y":
    case "u":
      return count === 2 ? zeros(date.getUTCFullYear() % 100, 2) : zeros(date.getUTCFullYear(), count);
    default:
      if (!Object.hasOwn(NUMBERS, letter)) throw notEmulated(letter);
      return zeros(NUMBERS[letter](date), count);
  }
}

function formatted(millis, pattern, zone = "UTC") {
  const at = zoneAt(text(zone, "A time zone"), millis, false);
  const date = new Date(millis + at.offset * 1000);
  return pieces(pattern)
    .map(([letter, count]) => (letter === "'" ? count : piece(date, zone, at, letter, count)))
    .join("");
}

const quoted = (literal) => swap(literal, /[\\^$.*+?()[\]{}|/]/g, "\\$&");

// Whether a piece of a format is written in digits.
const isNumber = ([letter, count]) =>
  Object.hasOwn(NUMBERS, letter) || letter === "S" || ((letter === "M" || letter === "L") && count < 3);

// What a piece of a format reads, as a regular expression's group.
function reader([letter, count], next) {
  if (letter === "'") return quoted(count);
  if (letter === "E" || letter === "a") return "([A-Za-z]+)";
  if (letter === "X" || letter === "x" || letter === "Z") return "(Z|(?:GMT)?[+-]\\d{2}(?::?\\d{2})?)";
  if (letter === "V" || letter === "z") return "([A-Za-z][A-Za-z0-9_+/-]*|[+-]\\d{2}:?\\d{2})";
  if (isNumber([letter, count])) {
    // A number of one letter reads as many digits as there are, unless another number follows at once.
    return count === 1 && (next === undefined || !isNumber(next)) ? "(\\d+)" : `(\\d{${count}})`;
  }
  if (letter === "M" || letter === "L") return "([A-Za-z]+)";
  throw notEmulated(letter);
}

function parsed(written, pattern, zone) {
  const parts = pieces(pattern);
  const source = parts.map((part, index) => reader(part, parts[index + 1])).join("");
  const match = new RegExp(`^${source}$`, "i").exec(text(written, "A timestamp"));
  if (match === null) throw new TypeError(`Text ${brief(written)} could not be parsed with the format ${brief(pattern)}`);
  const fields = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, millis: 0 };
  let half = null;
  let own = null;
  let index = 0;
  for (const [letter, count] of parts) {
    if (letter === "'") continue;
    index += 1;
    const value = match[index];
    const number = Number(value);
    if (letter === "y" || letter === "u") fields.year = count === 2 ? 2000 + number : number;
    else if (letter === "M" || letter === "L") {
      const month = MONTHS.findIndex((name) => name.slice(0, 3).toLowerCase() === value.slice(0, 3).toLowerCase());
      fields.month = count < 3 ? number : month + 1;
    } else if (letter === "d") fields.day = number;
    else if (letter === "D") fields.day = number;
    else if (letter === "H" || letter === "k") fields.hour = number % 24;
    else if (letter === "h" || letter === "K") fields.hour = number % 12;
    else if (letter === "m") fields.minute = number;
    else if (letter === "s") fields.second = number;
    else if (letter === "S") fields.millis = Number((value + "00").slice(0, 3));
    else if (letter === "n") fields.millis = Math.floor(number / 1_000_000);
    else if (letter === "A") fields.millis = number;
    else if (letter === "a") half = value.toUpperCase();
    else if (letter !== "E") own = value.toUpperCase() === "Z" ? "Z" : value;
  }
  if (half === "PM") fields.hour += 12;
  const { year, month, day, hour, minute, second, millis } = fields;
  const local = new Date(Date.UTC(2000, month - 1, day, hour, minute, second, millis));
  local.setUTCFullYear(year, month - 1, day);
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) {
    throw new TypeError(`Text ${brief(written)} could not be parsed: a value is out of range`);
  }
  if (own === null && zone === undefined) throw new TypeError(`Text ${brief(written)} names no time zone, and none was given`);
  return local.getTime() - zoneAt(own ?? text(zone, "A time zone"), local.getTime(), true).offset * 1000;
}

const ISO8601 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)$/;

function iso(written) {
  const match = ISO8601.exec(text(written, "util.time.parseISO8601ToEpochMilliSeconds"));
  if (match === null) throw new TypeError(`Text ${brief(written)} could not be parsed as ISO 8601`);
  const [, year, month, day, hour, minute, second = "0", fraction = "0", offset] = match;
  const millis = Number((fraction + "00").slice(0, 3));
  return Date.UTC(year, month - 1, day, hour, minute, second, millis) - offsetSeconds(offset) * 1000;
}

const time = {
  nowISO8601: () => new Date(current.now).toISOString(),
  nowEpochSeconds: () => Math.floor(current.now / 1000),
  nowEpochMilliSeconds: () => current.now,
  nowFormatted: (format, zone) => formatted(current.now, format, zone),
  parseFormattedToEpochMilliSeconds: (timestamp, format, zone) => parsed(timestamp, format, zone),
  parseISO8601ToEpochMilliSeconds: (timestamp) => iso(timestamp),
  epochMilliSecondsToSeconds: (millis) => Math.floor(millis / 1000),
  epochMilliSecondsToISO8601: (millis) => new Date(millis).toISOString(),
  epochMilliSecondsToFormatted: (millis, format, zone) => formatted(millis, format, zone),
};
