// util.http, util.xml, util.rds and util.transform.toElasticsearchQueryDSL: for requests to data sources and for their answers,
// and for the headers of the response. XML is read outside, by what reads it for mapping templates.
// https://docs.aws.amazon.com/appsync/latest/devguide/http-helpers-in-utils-http-js.html
// https://docs.aws.amazon.com/appsync/latest/devguide/xml-helpers-in-util-xml-js.html
// https://docs.aws.amazon.com/appsync/latest/devguide/rds-helpers-in-util-rds-js.html
// https://docs.aws.amazon.com/appsync/latest/devguide/transformation-helpers-in-utils-transform-js.html

const MAX_RESPONSE_HEADERS = 4097; // of a name and a value there are 4,096 characters: what comes after so many is too much
const UNCOPIED_HEADERS = [
  "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
  "transfer-encoding", "upgrade",
];

// What may not be set is ignored, and an error of the field: Python decides about it when the run is over.
function addResponseHeader(name, value) {
  if ((current.outcome.responseHeaders ?? []).length >= MAX_RESPONSE_HEADERS) return;
  const none = value === null || value === undefined;
  const written = none ? null : typeof value === "string" ? value : (stringify(value) ?? null);
  current.collect("responseHeaders", [name === null || name === undefined ? "" : String(name), written]);
}

util.http = {
  copyHeaders: (headers) =>
    Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !UNCOPIED_HEADERS.includes(name.toLowerCase()))),
  addResponseHeader: (name, value) => addResponseHeader(name, value),
  addResponseHeaders: (headers) => {
    for (const [name, value] of Object.entries(headers ?? {})) addResponseHeader(name, value);
  },
};

function xmlValue(written, name, keepTexts) {
  const { value, reason } = ask("xml", { text: text(written, name), keepTexts });
  if (reason !== undefined) throw new TypeError(`${name} cannot read its text: ${reason}`);
  return value;
}

util.xml = {
  toMap: (written) => xmlValue(written, "util.xml.toMap", false),
  // AWS says of the second argument that it decides whether the JSON is "string-encoded"; that values stay texts then is ours.
  toJsonString: (written, stringEncode) => stringify(xmlValue(written, "util.xml.toJsonString", stringEncode === true)),
};

const RDS_VALUES = ["stringValue", "longValue", "doubleValue", "booleanValue", "blobValue", "arrayValue"];

const rdsValue = (field) =>
  !isObject(field) || field.isNull ? null : (field[RDS_VALUES.find((name) => Object.hasOwn(field, name))] ?? null);

function rdsRows(statement) {
  const { columnMetadata, records } = isObject(statement) ? statement : {};
  const names = (Array.isArray(columnMetadata) ? columnMetadata : []).map((column, index) =>
    isObject(column) ? column.label || column.name || String(index) : String(index),
  );
  return (Array.isArray(records) ? records : [])
    .filter((record) => Array.isArray(record))
    .map((record) => Object.fromEntries(names.slice(0, record.length).map((name, index) => [name, rdsValue(record[index])])));
}

util.rds = {
  toJsonObject: (result) => {
    let answer = result;
    if (typeof result === "string") {
      try {
        answer = parse(result);
      } catch {
        throw new TypeError(`util.rds.toJsonObject cannot read ${brief(result)}: it is not JSON`);
      }
    }
    return isObject(answer) && Array.isArray(answer.sqlStatementResults) ? answer.sqlStatementResults.map(rdsRows) : null;
  },
};

const OPENSEARCH_QUERIES = {
  eq: "term", match: "match", matchPhrase: "match_phrase", matchPhrasePrefix: "match_phrase_prefix", regexp: "regexp",
  wildcard: "wildcard",
};
const OPENSEARCH_RANGES = ["gt", "gte", "lt", "lte"];

// A query, or undefined for a filter that AppSync's page does not name.
function openSearchQuery(filter) {
  if (!isObject(filter)) return undefined;
  return allOf(
    Object.entries(filter).map(([name, value]) => {
      if (name === "and" || name === "or") {
        const parts = Array.isArray(value) ? value.map(openSearchQuery) : [undefined];
        return parts.includes(undefined) ? undefined : { bool: { [name === "and" ? "must" : "should"]: parts } };
      }
      if (name === "not") {
        const inner = openSearchQuery(value);
        return inner === undefined ? undefined : { bool: { must_not: inner } };
      }
      if (!isObject(value)) return undefined;
      return allOf(Object.entries(value).map(([operator, operand]) => openSearchField(name, operator, operand)));
    }),
  );
}

function allOf(parts) {
  if (parts.includes(undefined)) return undefined;
  return parts.length === 1 ? parts[0] : { bool: { must: parts } };
}

function openSearchField(name, operator, operand) {
  if (Object.hasOwn(OPENSEARCH_QUERIES, operator)) return { [OPENSEARCH_QUERIES[operator]]: { [name]: operand } };
  if (operator === "ne") return { bool: { must_not: { term: { [name]: operand } } } };
  if (OPENSEARCH_RANGES.includes(operator)) return { range: { [name]: { [operator]: operand } } };
  if (operator === "range" && Array.isArray(operand) && operand.length === 2) {
    return { range: { [name]: { gte: operand[0], lte: operand[1] } } };
  }
  if (operator === "exists" && typeof operand === "boolean") {
    const found = { exists: { field: name } };
    return operand ? found : { bool: { must_not: found } };
  }
  return undefined;
}

util.transform.toElasticsearchQueryDSL = (filter) => {
  const query = openSearchQuery(filter);
  return query === undefined ? null : stringify(query);
};
