// Provenance: written for Livebus after the shape that the AppSync documentation gives for a NONE data source.
import { util } from "@aws-appsync/utils";

export function request(ctx) {
  if (!ctx.args.msg) util.error("msg is empty", "BadRequest");
  return { payload: { msg: ctx.args.msg } };
}

export function response(ctx) {
  return ctx.result.msg;
}
