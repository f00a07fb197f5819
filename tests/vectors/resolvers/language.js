// Provenance: written for Livebus from the list of supported features in the AppSync documentation.
import * as appsync from "@aws-appsync/utils";

const RATES = { standard: 5, express: 12 };
let unused;

function total(items) {
  let sum = 0;
  for (const { price, quantity = 1 } of items) {
    if (price < 0) break;
    sum += price * quantity;
  }
  return sum;
}

export const request = (ctx) => {
  const { items, shipping = "standard", ...rest } = ctx.args;
  const keys = [];
  for (const key in rest) keys.push(key);
  switch (shipping) {
    case "express":
      ctx.stash.rush = true;
      break;
    default:
      ctx.stash.rush = false;
  }
  const draft = { ...rest, secret: 1 };
  delete draft.secret;
  return {
    payload: {
      total: total(items) + RATES[shipping],
      names: items.map(({ name }) => name.toUpperCase()).filter((name) => name !== "SKIP"),
      most: Math.max(...items.map(function (item) { return item.price; })),
      keys: keys.sort(),
      draft,
      text: `${rest.note ?? "no note"}: ${ctx.args?.missing?.deeper ?? "nothing"} ${`nested ${items.length}`}`,
      kind: typeof void 0,
      has: Object.hasOwn(rest, "note"),
      bits: (6 & 3) | (1 << 4),
    },
  };
};

export const response = ({ result, stash }) => ({ ...result, rush: stash.rush, time: appsync.util.time.nowEpochSeconds() });
