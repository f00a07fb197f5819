/** Mutation.publish: hands the message back, so that AppSync passes it on to the subscribers. */
export function request(ctx) {
  return { payload: ctx.args };
}

export function response(ctx) {
  return ctx.result;
}
