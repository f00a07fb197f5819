// Provenance: written for Livebus in the form in which esbuild 0.2x leaves an ES module that it has bundled.
// src/shape.js
var trimmed = (text) => text.trim();
var shape = ({ id, items = [], ...rest }) => ({ id, count: items.length, names: items.map((item) => trimmed(item.name)), rest });

// src/orders.js
import { util as u, extensions } from "@aws-appsync/utils";
function request2(ctx) {
  return { payload: shape(ctx.args.order) };
}
var response2 = (ctx) => {
  extensions.setSubscriptionFilter(u.transform.toSubscriptionFilter({ id: { eq: ctx.result.id } }));
  return ctx.result;
};
export {
  request2 as request,
  response2 as response
};
