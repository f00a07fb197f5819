/**
 * Mutation.announceShipment: hands the shipment back, so that AppSync passes it on to the subscribers.
 * The data source is NONE: nothing is called, and the payload comes back as the result.
 */
export function request(ctx) {
  return { payload: ctx.args.shipment };
}

export function response(ctx) {
  return ctx.result;
}
