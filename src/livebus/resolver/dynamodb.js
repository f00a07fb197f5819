// '@aws-appsync/utils/dynamodb', util.dynamodb and the expressions of util.transform: requests to DynamoDB, put together as
// AppSync's own helpers put them together (recorded with EvaluateCode, and the type declarations of @aws-appsync/utils 2.1.1).

const COMPARISONS = { eq: "=", ne: "<>", lt: "<", le: "<=", gt: ">", ge: ">=" };
const CALLS = { contains: ["contains", ""], notContains: ["contains", "NOT "], beginsWith: ["begins_with", ""] };
const ATTRIBUTE_TYPES = {
  _null: "NULL", string: "S", stringSet: "SS", number: "N", numberSet: "NS", binary: "B", binarySet: "BS", boolean: "BOOL",
  list: "L", map: "M",
};

// A set inside an item: it says of itself what DynamoDB is to make of it.
class TypedSet {
  constructor(kind, values) {
    this[kind] = values;
  }
}

function typed(value) {
  if (value instanceof TypedSet) return { ...value };
  if (value === null || value === undefined) return { NULL: null };
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: value };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(typed) };
  return { M: typedMembers(value) };
}

const typedMembers = (values) =>
  Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined).map(([name, value]) => [name, typed(value)]));

const orNull = (make) => (value) => (value === null || value === undefined ? null : make(value));

// --- conditions and filters -----------------------------------------------------------------------------------------

// One filter as an expression: the text, or null for what AppSync cannot render. Names and values are collected.
class Rendering {
  constructor() {
    this.names = {};
    this.values = {};
  }

  value(name, value) {
    this.values[`:${name}`] = typed(value);
    return `:${name}`;
  }

  filter(filter, prefix) {
    if (!isObject(filter)) return null;
    const parts = Object.entries(filter).map(([name, value]) => this.member(name, value, prefix));
    return parts.includes(null) ? null : parts.join(" AND ");
  }

  member(name, value, prefix) {
    if (name === "and" || name === "or") {
      if (!Array.isArray(value)) return null;
      const parts = value.map((each, index) => this.filter(each, `${prefix}${name}_${index}_`));
      return parts.includes(null) ? null : joined(parts, name.toUpperCase());
    }
    if (name === "not") {
      const inner = this.filter(value, `${prefix}not_`);
      return inner === null ? null : `(NOT ${inner})`;
    }
    if (!isObject(value)) return null;
    this.names[`#${name}`] = name;
    return this.operators(`#${name}`, value, `${prefix}${name}_`);
  }

  operators(operand, operators, prefix) {
    const parts = Object.entries(operators).map(([operator, value]) => this.operator(operand, operator, value, prefix));
    return parts.includes(null) ? null : joined(parts, "AND");
  }

  operator(operand, operator, value, prefix) {
    const name = prefix + operator;
    if (Object.hasOwn(COMPARISONS, operator)) return `(${operand} ${COMPARISONS[operator]} ${this.value(name, value)})`;
    if (Object.hasOwn(CALLS, operator)) {
      const [called, before] = CALLS[operator];
      return `(${before}${called}(${operand},${this.value(name, value)}))`;
    }
    switch (operator) {
      case "between":
        if (!Array.isArray(value) || value.length < 2) return null;
        return `(${operand} BETWEEN ${this.value(`${name}_start`, value[0])} AND ${this.value(`${name}_end`, value[1])})`;
      case "in":
        if (!Array.isArray(value)) return null;
        if (value.length === 0) return "(null)";
        return `(${operand} IN (${value.map((each, index) => this.value(`${name}_${index}`, each)).join(", ")}))`;
      case "attributeExists":
        if (typeof value !== "boolean") return null;
        return `(attribute_${value ? "exists" : "not_exists"}(${operand}))`;
      case "attributeType":
        if (typeof value !== "string" || !Object.hasOwn(ATTRIBUTE_TYPES, value)) return null;
        return `(attribute_type(${operand},${this.value(name, ATTRIBUTE_TYPES[value])}))`;
      case "size":
        return isObject(value) ? this.operators(`size(${operand})`, value, `${name}_`) : null;
      default:
        return null;
    }
  }
}

const joined = (parts, word) => (parts.length > 1 ? `(${parts.join(` ${word} `)})` : (parts[0] ?? ""));

function expressionText(filter) {
  const rendering = new Rendering();
  const expression = rendering.filter(filter, "");
  if (expression === null) return null;
  return stringify({ expression, expressionNames: rendering.names, expressionValues: rendering.values });
}

// The same as an object, for the module's requests; without values where none are used.
function expressionObject(filter) {
  if (filter === null || filter === undefined) return undefined;
  const rendering = new Rendering();
  const expression = rendering.filter(filter, "");
  if (expression === null) throw new TypeError(`${brief(filter)} is no condition`);
  const made = { expression, expressionNames: rendering.names };
  return Object.keys(rendering.values).length > 0 ? { ...made, expressionValues: rendering.values } : made;
}

// --- updates --------------------------------------------------------------------------------------------------------

const isOperation = (value) => isObject(value) && typeof value.type === "string" && value.type.startsWith("OPERATION_");
const holdsOperation = (value) =>
  isOperation(value) ||
  (Array.isArray(value) && value.some(isOperation)) ||
  (isObject(value) && !(value instanceof TypedSet) && Object.values(value).some(holdsOperation));

class Update {
  constructor() {
    this.aliases = new Map();
    this.expressionNames = {};
    this.expressionValues = {};
    this.sets = [];
    this.removals = [];
  }

  alias(name) {
    if (!this.aliases.has(name)) {
      const alias = `#expName_${this.aliases.size + 1}`;
      this.aliases.set(name, alias);
      this.expressionNames[alias] = name;
    }
    return this.aliases.get(name);
  }

  value(value) {
    const name = `:expValue_${Object.keys(this.expressionValues).length + 1}`;
    this.expressionValues[name] = typed(value);
    return name;
  }

  // What is removed stands last in the text, and names are numbered in the text's order.
  walk(members, path) {
    const later = [];
    for (const [name, value] of Object.entries(members)) {
      if (value === undefined) continue;
      if (isOperation(value) && value.type === "OPERATION_REMOVE") later.push(name);
      else this.set(name, value, path);
    }
    this.removals.push(...later.map((name) => [...path, name]));
  }

  set(name, value, path) {
    const at = () => [...path, name].map((step) => this.alias(step)).join(".");
    if (Array.isArray(value) && value.some(isOperation)) {
      for (const each of value) this.operation(at(), each);
    } else if (isOperation(value)) this.operation(at(), value);
    else if (holdsOperation(value)) this.walk(value, [...path, name]);
    else this.sets.push(`${at()} = ${this.value(value)}`);
  }

  operation(at, { type, value, items, by, index }) {
    switch (type) {
      case "OPERATION_ADD":
      case "OPERATION_REPLACE":
        this.sets.push(`${at} = ${this.value(value)}`);
        break;
      case "OPERATION_APPEND":
        this.sets.push(`${at} = list_append(${at}, ${this.value(items)})`);
        break;
      case "OPERATION_PREPEND":
        this.sets.push(`${at} = list_append(${this.value(items)}, ${at})`);
        break;
      case "OPERATION_INCREMENT":
        this.sets.push(`${at} = ${at} + ${this.value(by)}`);
        break;
      case "OPERATION_DECREMENT":
        this.sets.push(`${at} = ${at} - ${this.value(by)}`);
        break;
      case "OPERATION_UPDATE_LIST_ITEM":
        this.sets.push(`${at}[${index}] = ${this.value(value)}`);
        break;
      default:
        throw new TypeError(`${type} is no operation of an update`);
    }
  }

  made() {
    const removed = this.removals.map((path) => path.map((step) => this.alias(step)).join("."));
    const clauses = [
      ...(this.sets.length > 0 ? [`SET ${this.sets.join(", ")}`] : []),
      ...(removed.length > 0 ? [`REMOVE ${removed.join(", ")}`] : []),
    ];
    const made = { expression: clauses.join(" "), expressionNames: this.expressionNames };
    return Object.keys(this.expressionValues).length > 0 ? { ...made, expressionValues: this.expressionValues } : made;
  }
}

function updateObject(members) {
  const update = new Update();
  update.walk(members ?? {}, []);
  return update.made();
}

function projectionObject(paths) {
  if (!Array.isArray(paths)) return undefined;
  const update = new Update();
  const expression = paths.map((path) => path.split(".").map((step) => update.alias(step)).join(".")).join(", ");
  return { expression, expressionNames: update.expressionNames };
}

// --- requests -------------------------------------------------------------------------------------------------------

// Null and absent options are left out.
const request = (operation, members) =>
  Object.fromEntries([["operation", operation], ...Object.entries(members).filter(([, value]) => value !== undefined && value !== null)]);

const tables = (given, make) => Object.fromEntries(Object.entries(given ?? {}).map(([name, value]) => [name, make(value)]));

function write({ putItem, updateItem, deleteItem, conditionCheck }) {
  const [operation, item] = putItem
    ? ["PutItem", putItem]
    : updateItem
      ? ["UpdateItem", updateItem]
      : deleteItem
        ? ["DeleteItem", deleteItem]
        : ["ConditionCheck", conditionCheck];
  if (!isObject(item)) throw new TypeError("An item of transactWrite is a putItem, an updateItem, a deleteItem or a conditionCheck");
  return {
    table: item.table,
    ...request(operation, {
      key: typedMembers(item.key),
      attributeValues: item.item && typedMembers(item.item),
      update: item.update && updateObject(item.update),
      condition: expressionObject(item.condition),
    }),
  };
}

const dynamodb = {
  get: ({ key, projection, ...others }) =>
    request("GetItem", { key: typedMembers(key), projection: projectionObject(projection), ...others }),
  put: ({ key, item, condition, ...others }) =>
    request("PutItem", { key: typedMembers(key), attributeValues: typedMembers(item), condition: expressionObject(condition), ...others }),
  update: ({ key, update, condition, ...others }) =>
    request("UpdateItem", { key: typedMembers(key), update: updateObject(update), condition: expressionObject(condition), ...others }),
  remove: ({ key, condition, ...others }) =>
    request("DeleteItem", { key: typedMembers(key), condition: expressionObject(condition), ...others }),
  query: ({ query, filter, projection, ...others }) =>
    request("Query", { query: expressionObject(query), filter: expressionObject(filter), projection: projectionObject(projection), ...others }),
  scan: ({ filter, projection, ...others } = {}) =>
    request("Scan", { filter: expressionObject(filter), projection: projectionObject(projection), ...others }),
  sync: ({ filter, basePartitionKey, ...others } = {}) =>
    request("Sync", { filter: expressionObject(filter), basePartitionKey: basePartitionKey && typed(basePartitionKey), ...others }),
  batchGet: (given) =>
    request("BatchGetItem", {
      tables: tables(given.tables, ({ keys, projection, ...others }) => ({
        ...others,
        keys: keys.map(typedMembers),
        ...(projection ? { projection: projectionObject(projection) } : {}),
      })),
    }),
  batchPut: (given) => request("BatchPutItem", { tables: tables(given.tables, (items) => items.map(typedMembers)) }),
  batchDelete: (given) => request("BatchDeleteItem", { tables: tables(given.tables, (keys) => keys.map(typedMembers)) }),
  transactGet: ({ items }) =>
    request("TransactGetItems", {
      transactItems: items.map(({ table, key, projection }) => ({
        table,
        key: typedMembers(key),
        ...(projection ? { projection: projectionObject(projection) } : {}),
      })),
    }),
  transactWrite: ({ items }) => request("TransactWriteItems", { transactItems: items.map(write) }),
  toStringSet: (values) => new TypedSet("SS", values),
  toNumberSet: (values) => new TypedSet("NS", values),
  toBinarySet: (values) => new TypedSet("BS", values),
  operations: {
    add: (value) => ({ type: "OPERATION_ADD", value }),
    append: (items) => ({ type: "OPERATION_APPEND", items }),
    decrement: (by) => ({ type: "OPERATION_DECREMENT", by: by ?? 1 }),
    increment: (by) => ({ type: "OPERATION_INCREMENT", by: by ?? 1 }),
    prepend: (items) => ({ type: "OPERATION_PREPEND", items }),
    remove: () => ({ type: "OPERATION_REMOVE" }),
    replace: (value) => ({ type: "OPERATION_REPLACE", value }),
    updateListItem: (value, index) => ({ type: "OPERATION_UPDATE_LIST_ITEM", value, index }),
  },
};

const s3Object = (key, bucket, region, version) => ({
  S: stringify({ s3: { key, bucket, region, ...(version === undefined ? {} : { version }) } }),
});

util.dynamodb = {
  toDynamoDB: typed,
  toString: orNull((value) => ({ S: value })),
  toStringSet: orNull((values) => ({ SS: values })),
  toNumber: orNull((value) => ({ N: value })),
  toNumberSet: orNull((values) => ({ NS: values })),
  toBinary: orNull((value) => ({ B: value })),
  toBinarySet: orNull((values) => ({ BS: values })),
  toBoolean: orNull((value) => ({ BOOL: value })),
  toNull: () => ({ NULL: null }),
  toList: orNull((values) => ({ L: values.map(typed) })),
  toMap: orNull((values) => ({ M: typedMembers(values) })),
  toMapValues: orNull(typedMembers),
  toS3Object: s3Object,
  fromS3ObjectJson: (value) => {
    try {
      return parse(value).s3 ?? null;
    } catch {
      return null;
    }
  },
};
util.transform.toDynamoDBFilterExpression = expressionText;
util.transform.toDynamoDBConditionExpression = expressionText;
