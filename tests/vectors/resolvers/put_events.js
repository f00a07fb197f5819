// Provenance: written for Livebus from the request and response types of the AppSync documentation's EventBridge page.
import { util } from "@aws-appsync/utils";

export function request(ctx) {
  return {
    operation: "PutEvents",
    events: ctx.args.orders.map((order) => ({
      source: "shop.orders",
      detailType: "OrderPlaced",
      detail: order,
      resources: [`arn:aws:shop:::order/${order.id}`],
      time: util.time.nowISO8601(),
    })),
  };
}

export function response(ctx) {
  if (ctx.error) util.error(ctx.error.message, ctx.error.type, ctx.result);
  return ctx.result;
}
