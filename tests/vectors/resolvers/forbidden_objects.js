// Provenance: written for Livebus from the documentation's lists, and AWS's linter rules no-classes, no-this, no-generators.
class Order { get total() { return this.sum; } }
function* numbers() { yield 1; }
const box = { get value() { return 1; }, *list() {} };
export function request(ctx) {
  const made = [new Order(), new Date(), new Map(), Symbol("s"), eval("1"), Function("1")];
  return { payload: made };
}
export const response = function (ctx) { return new.target; };
// refused: 2:1 no-classes
// refused: 2:15 no-accessors
// refused: 2:36 no-this
// refused: 3:1 no-generators
// refused: 3:23 no-yield
// refused: 4:15 no-accessors
// refused: 4:42 no-generators
// refused: 6:17 no-new
// refused: 6:34 no-undef
// refused: 6:46 no-undef
// refused: 6:53 no-undef
// refused: 6:66 no-eval
// refused: 6:77 no-eval
// refused: 9:49 no-this
