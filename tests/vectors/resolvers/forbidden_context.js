// Provenance: written for Livebus; the cases are those of AWS's linter rule no-disallowed-re-assignment.
export function request(ctx) {
  ctx.stash.kept = 1;
  ctx.args.copied = 2;
  ctx.extra = 1;
  ctx["result"] = 1;
  delete ctx.identity;
  ctx.stash = {};
  ctx = {};
  for (ctx.error of []) {}
  ctx.prev += 1;
  return helper({});
}
function helper(ctx) {
  ctx.free = 1;
  return ctx;
}
export const response = (context) => {
  context.result = null;
  return context.result;
};
// refused: 5:3 no-disallowed-re-assignment
// refused: 6:3 no-disallowed-re-assignment
// refused: 7:3 no-disallowed-re-assignment
// refused: 8:3 no-disallowed-re-assignment
// refused: 9:3 no-disallowed-re-assignment
// refused: 10:3 no-disallowed-re-assignment
// refused: 11:3 no-disallowed-re-assignment
// refused: 19:3 no-disallowed-re-assignment
