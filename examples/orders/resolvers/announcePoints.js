/**
 * Mutation.announcePoints: one point for each whole unit of the currency.
 * The data source is NONE: nothing is called, and the payload comes back as the result.
 */
export function request(ctx) {
  const { orderId, customerId, amount, currency, placedAt } = ctx.args;
  const points = Math.floor(amount);
  return { payload: { orderId, customerId, points, total: { amount, currency }, placedAt } };
}

export function response(ctx) {
  return ctx.result;
}
