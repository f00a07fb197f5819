import { util } from '@aws-appsync/utils';
import { put } from '@aws-appsync/utils/dynamodb';

/**
 * Mutation.announcePoints: one point for each whole unit of the currency; written first, then published.
 * The key holds the order and when it was placed, so that an event that is delivered twice is the same item: the condition
 * keeps the one that is there, and AppSync takes an item that is equal for one that was put.
 */
export function request(ctx) {
  const { orderId, customerId, amount, currency, placedAt } = ctx.args;
  const points = Math.floor(amount);
  // TypeScript, and AppSync with it, would take these members for all that the table's items have.
  /** @type {any} */
  const item = { orderId, points, total: { amount, currency }, placedAt };
  return put({
    key: { customerId, placed: `${placedAt}#${orderId}` },
    item,
    condition: { customerId: { attributeExists: false } },
  });
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type);
  }
  return ctx.result;
}
