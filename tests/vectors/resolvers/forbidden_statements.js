// Provenance: written for Livebus from the documentation's list of statements that are not supported.
// refused: 12:3 no-for
// refused: 12:31 no-disallowed-unary-operators
// refused: 13:12 no-continue
// refused: 15:3 no-while
// refused: 16:3 no-while
// refused: 17:3 no-labels
// refused: 18:3 no-try
// refused: 19:5 no-throw
// refused: 24:3 no-debugger
export function request(ctx) {
  for (let i = 0; i < 3; i += i++) {
    if (i) continue;
  }
  while (ctx.stash.go) break;
  do { break; } while (true);
  outer: for (const item of ctx.args.items) break outer;
  try {
    throw "no";
  } catch (error) {
    console.log(error);
  } finally {
  }
  debugger;
  return {};
}
export function response() {}
