// Provenance: written for Livebus; operators, literals and methods that the documentation or AWS's linter refuses.
export function request(ctx) {
  let count = 0;
  count++;
  --count;
  const flags = ~count;
  const found = "msg" in ctx.args || ctx.args instanceof Object;
  const digits = "a1".replace(/[0-9]/g, "");
  const padded = "1".padStart(3).repeat(2).charCodeAt(0);
  const made = [Array.from("ab"), Object.freeze({}), [1].keys(), Object.keys({}), String.fromCharCode(65)];
  const bound = ctx.args.hasOwnProperty("msg");
  return { payload: [flags, found, digits, padded, made, bound] };
}
export function response(ctx) { return ctx.result; }
// refused: 4:3 no-disallowed-unary-operators
// refused: 5:3 no-disallowed-unary-operators
// refused: 6:17 no-disallowed-unary-operators
// refused: 7:17 no-in-operator
// refused: 7:38 no-disallowed-binary-operators
// refused: 8:31 no-regex
// refused: 9:18 no-disallowed-methods
// refused: 9:18 no-disallowed-methods
// refused: 9:18 no-disallowed-methods
// refused: 10:17 no-disallowed-methods
// refused: 10:35 no-disallowed-methods
// refused: 10:54 no-disallowed-methods
// refused: 10:83 no-disallowed-methods
// refused: 11:17 no-disallowed-methods
