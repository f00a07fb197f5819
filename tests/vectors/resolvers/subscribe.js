// Provenance: written for Livebus; filters and operators as in the AppSync documentation on enhanced filtering.
import { util, extensions } from "@aws-appsync/utils";

export function request(ctx) {
  if (ctx.identity.username !== ctx.args.customer) util.unauthorized();
  return { payload: null };
}

export function response(ctx) {
  const filter = { customer: { eq: ctx.args.customer }, or: [{ total: { gt: 100 } }, { state: { in: ["NEW", "PAID"] } }] };
  extensions.setSubscriptionFilter(util.transform.toSubscriptionFilter(filter));
  extensions.setSubscriptionInvalidationFilter(util.transform.toSubscriptionFilter({ customer: { eq: ctx.args.customer } }));
  return null;
}
