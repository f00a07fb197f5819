import { util } from '@aws-appsync/utils';
import { query } from '@aws-appsync/utils/dynamodb';

/**
 * Query.orders: what a customer was told before, the newest first, a page at a time. Whose it is stands in the token; the
 * argument says whom the app means, and naming another customer is refused.
 */
export function request(ctx) {
  const { customerId, limit, nextToken } = ctx.args;
  if (customerId !== ctx.identity.username) {
    util.unauthorized();
  }
  return query({
    query: { customerId: { eq: customerId } },
    scanIndexForward: false,
    limit: limit ?? 20,
    nextToken,
  });
}

export function response(ctx) {
  if (ctx.error) {
    util.error(ctx.error.message, ctx.error.type);
  }
  const { items, nextToken } = ctx.result;
  return { items, nextToken };
}
